import { Lexer } from "yaml";

/** The lexer's sign that the next token is the text of a scalar. */
const SCALAR = "\u001f";
const NEWLINE = /^\r?\n/;

/**
 * Whether a YAML text opens more than `limit` brackets at once, or has more than `limit` block indicators in one line.
 * A look at the tokens alone, before the parser, whose effort grows with the depth, sees any of it. Nesting by
 * indentation is left to the reader: its depth grows with the root of the length only.
 */
export function nestsDeeper(text: string, limit: number): boolean {
  let brackets = 0;
  let indicators = 0;
  let scalar = false;
  for (const token of new Lexer().lex(text)) {
    if (scalar) scalar = false;
    else if (token === SCALAR) scalar = true;
    else if (token === "[" || token === "{") brackets += 1;
    else if (token === "]" || token === "}") brackets = Math.max(0, brackets - 1);
    // Within brackets they nest nothing: a whole manifest in JSON may stand in one line.
    else if (token === "-" || token === "?" || token === ":") indicators += brackets === 0 ? 1 : 0;
    else if (NEWLINE.test(token)) indicators = 0;
    if (brackets > limit || indicators > limit) return true;
  }
  return false;
}
