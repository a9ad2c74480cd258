import { KrustletError } from "@krustlet/interface";

/** The longest text that comes out: as much as a ConfigMap holds, and more than a program's argument may be. */
const MAX_EXPANDED = 1_048_576;

/** What a reference to a variable stands for; undefined where there is no such variable. */
export type VariableLookup = (name: string) => string | undefined;

/**
 * `text` with each `$(NAME)` replaced, as Kubernetes does it in `env`, `command`, `args` and `subPathExpr`.
 * `$$` is a plain `$`, so `$$(NAME)` is the text `$(NAME)`. A reference to an unknown variable, one that is not
 * closed and a `$` before anything else stay as they are. What a variable holds is not expanded again.
 * Takes time in proportion to the text, whatever it holds; variables that double each other soon end in an error.
 *
 * Rules: `third_party/forked/golang/expansion` in the Kubernetes sources.
 * @throws KrustletError `InvalidField` when references make more than a mebibyte of it.
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
      if (expanded.length > MAX_EXPANDED) {
        const message = `$(${name}) makes a value longer than ${MAX_EXPANDED} characters`;
        throw new KrustletError("InvalidField", message);
      }
    } else {
      expanded += next === "$" ? "$" : `$${next}`;
      copiedTo = at + 2;
    }
  }
  return expanded + text.slice(copiedTo);
}
