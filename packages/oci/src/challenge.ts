/** One way in which a registry asks for a login (RFC 9110 §11.6.1). */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const QUOTED = /"(?:[^"\\]|\\[^])*"/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y;
const MAX_LENGTH = 16_384;

/**
 * Parses `WWW-Authenticate`, which may hold several challenges with several parameters each, all separated by commas.
 * What cannot be read ends the list; it never throws.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, MAX_LENGTH);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skip = (characters: string): number => {
    const from = at;
    while (at < text.length && characters.includes(text.charAt(at))) at += 1;
    return at - from;
  };
  for (skip(" \t,"); at < text.length; skip(" \t,")) {
    const name = take(TOKEN);
    if (name === undefined) break;
    const blank = skip(" \t");
    const current = challenges.at(-1);
    if (text[at] === "=" && current !== undefined) {
      at += 1;
      skip(" \t");
      const quoted = take(QUOTED);
      const value = quoted === undefined ? take(TOKEN) : quoted.slice(1, -1).replaceAll(/\\([^])/g, "$1");
      if (value === undefined) break;
      // The first wins: a second realm is how one parser is shown what another does not see.
      if (!current.parameters.has(name.toLowerCase())) current.parameters.set(name.toLowerCase(), value);
      continue;
    }
    challenges.push({ scheme: name.toLowerCase(), parameters: new Map() });
    if (blank > 0 && !startsParameter(text, at)) take(TOKEN68);
  }
  return challenges;
}

/** Whether `name=value` starts here, and not a token68 such as `YWJj==` or the next scheme. */
function startsParameter(text: string, at: number): boolean {
  TOKEN.lastIndex = at;
  const name = TOKEN.exec(text)?.[0] ?? "";
  return (
    name !== "" && /^[ \t]*=(?!=*[ \t]*(?:,|$))/.test(text.slice(at + name.length, at + name.length + 64))
  );
}
