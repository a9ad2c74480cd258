const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** What an unquoted YAML scalar means. */
export type PlainScalar = string | number | boolean | null;

/**
 * What `text`, unquoted in YAML, means to `kubectl`: its YAML is 1.1 in that `yes` and `on` are true and that `0644`
 * is octal, and 1.2 in that `0o644` is too. Dates stay text, as does anything else.
 * `undefined` for infinities and NaN, which JSON and so the API cannot hold.
 */
export function scalarOf(text: string): PlainScalar | undefined {
  if (NULL.test(text)) return null;
  if (TRUE.test(text)) return true;
  if (FALSE.test(text)) return false;
  if (NOT_FINITE.test(text)) return undefined;
  if (!/^[-+.0-9]/.test(text)) return text;
  const plain = text.replaceAll("_", "");
  const integer = INTEGER.exec(plain);
  if (integer !== null) {
    const [, sign, hex, binary, octal, decimal = ""] = integer;
    const radix = hex === undefined ? (binary === undefined ? (octal === undefined ? 10 : 8) : 2) : 16;
    const magnitude = Number.parseInt(hex ?? binary ?? octal ?? decimal, radix);
    if (!Number.isFinite(magnitude)) return undefined;
    return sign === "-" && magnitude !== 0 ? -magnitude : magnitude;
  }
  if (!FLOAT.test(plain)) return text;
  const number = Number(plain);
  return Number.isFinite(number) ? number : undefined;
}
