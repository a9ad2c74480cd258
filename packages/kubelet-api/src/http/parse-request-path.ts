/** A request's target, taken apart. */
export interface RequestPath {
  /** The path's segments, decoded. None is empty, `.` or `..`, and none has a slash or a control character in it. */
  readonly segments: readonly string[];
  /** Whether a slash follows the last one. */
  readonly trailingSlash: boolean;
  readonly query: URLSearchParams;
}

/**
 * Takes a request's target apart. Undefined for one that could mean different things to different readers: there is no
 * cleaning up, so that what is authorized is what is served.
 */
export function parseRequestPath(target: string): RequestPath | undefined {
  const question = target.indexOf("?");
  const path = question === -1 ? target : target.slice(0, question);
  const [before, ...encoded] = path.split("/");
  if (before !== "" || encoded.length === 0) return undefined;
  const trailingSlash = encoded.at(-1) === "";
  if (trailingSlash) encoded.pop();
  const segments: string[] = [];
  for (const each of encoded) {
    const segment = decoded(each);
    if (segment === undefined || !isPlain(segment)) return undefined;
    segments.push(segment);
  }
  return {
    segments,
    trailingSlash,
    query: new URLSearchParams(question === -1 ? "" : target.slice(question + 1)),
  };
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function isPlain(segment: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return segment !== "" && segment !== "." && segment !== ".." && !/[/\\\u0000-\u001F\u007F#]/u.test(segment);
}
