import { NotASymbol, type V0Reader } from "./v0-reader.ts";

/** A constant among generic arguments: `3`, `true`, `'a'`, `_`. Structures and strings, which stable Rust lacks, are not read. */
export function constOf(reader: V0Reader): string {
  return reader.within(() => {
    const tag = reader.next();
    if (tag === "B") return reader.backReference(() => constOf(reader));
    if (tag === "p") return "_";
    if ("ahistlmxynoj".includes(tag)) return integerOf(reader);
    const digits = reader.match(/[0-9a-f]*_/y).slice(0, -1);
    if (tag === "b" && /^[01]$/.test(digits)) return digits === "1" ? "true" : "false";
    if (tag === "c" && /^[0-9a-f]{1,6}$/.test(digits)) return characterOf(Number.parseInt(digits, 16));
    throw new NotASymbol();
  });
}

function integerOf(reader: V0Reader): string {
  const sign = reader.takes("n") ? "-" : "";
  const digits = reader.match(/[0-9a-f]*_/y).slice(0, -1);
  return sign + BigInt(`0x0${digits}`).toString();
}

function characterOf(point: number): string {
  if (point > 0x10_ff_ff || (point >= 0xd8_00 && point < 0xe0_00)) throw new NotASymbol();
  return point < 0x20 || point === 0x7f ? `'\\u{${point.toString(16)}}'` : `'${String.fromCodePoint(point)}'`;
}
