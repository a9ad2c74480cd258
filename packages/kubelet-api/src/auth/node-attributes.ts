const VERBS: ReadonlyMap<string, string> = new Map([
  ["GET", "get"],
  ["POST", "create"],
  ["PUT", "update"],
  ["PATCH", "patch"],
  ["DELETE", "delete"],
]);

/** Any of them is enough. */
const SUBRESOURCES: ReadonlyMap<string, readonly string[]> = new Map([
  ["pods", ["pods", "proxy"]],
  ["runningpods", ["pods", "proxy"]],
  ["healthz", ["healthz", "proxy"]],
  ["configz", ["configz", "proxy"]],
  ["stats", ["stats"]],
  ["metrics", ["metrics"]],
  ["logs", ["log"]],
  ["checkpoint", ["checkpoint"]],
  ["statusz", ["statusz"]],
  ["flagz", ["configz"]],
]);

/** The verb of the Kubernetes API that an HTTP method stands for; undefined for a method that stands for none. */
export function verbOf(method: string): string | undefined {
  return VERBS.get(method);
}

/** The subresources of `nodes` of which one has to be allowed for a path that begins with `segment`. */
export function subresourcesOf(segment: string): readonly string[] {
  return SUBRESOURCES.get(segment) ?? ["proxy"];
}
