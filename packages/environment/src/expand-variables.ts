/** What a reference to a variable stands for; undefined where there is no such variable. */
export type VariableLookup = (name: string) => string | undefined;

/**
 * `text` with each `$(NAME)` replaced, as Kubernetes does it in `env`, `command`, `args` and `subPathExpr`.
 * `$$` is a plain `$`, so `$$(NAME)` is the text `$(NAME)`. A reference to an unknown variable, one that is not
 * closed and a `$` before anything else stay as they are. What a variable holds is not expanded again.
 * Takes time in proportion to the text, whatever it holds.
 *
 * Rules: `third_party/forked/golang/expansion` in the Kubernetes sources.
 */
export function expandVariables(text: string, lookup: VariableLookup): string {
  const lastCloser = text.lastIndexOf(")");
  let expanded = "";
  let copiedTo = 0;
  for (let at = text.indexOf("$"); at !== -1 && at + 1 < text.length; at = text.indexOf("$", copiedTo)) {
    expanded += text.slice(copiedTo, at);
    const next = text[at + 1];
    if (next === "(" && at < lastCloser) {
      const closer = text.indexOf(")", at + 2);
      const name = text.slice(at + 2, closer);
      expanded += lookup(name) ?? `$(${name})`;
      copiedTo = closer + 1;
    } else {
      expanded += next === "$" ? "$" : `$${next}`;
      copiedTo = at + 2;
    }
  }
  return expanded + text.slice(copiedTo);
}
