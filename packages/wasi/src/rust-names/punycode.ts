const FIRST = 0x80;

/** The text of an identifier in Punycode (RFC 3492), whose delimiter Rust writes as `_`; undefined if it is none. */
export function punycodeOf(encoded: string): string | undefined {
  const split = encoded.lastIndexOf("_");
  const points = Array.from(encoded.slice(0, Math.max(split, 0)), (letter) => letter.charCodeAt(0));
  let point = FIRST;
  let bias = 72;
  let index = 0;
  for (let at = split + 1; at < encoded.length;) {
    const before = index;
    for (let weight = 1, step = 36; ; step += 36) {
      const digit = digitOf(encoded[at++]);
      if (digit === undefined) return undefined;
      index += digit * weight;
      const threshold = Math.min(Math.max(step - bias, 1), 26);
      if (digit < threshold) break;
      weight *= 36 - threshold;
    }
    const length = points.length + 1;
    bias = adapt(index - before, length, before === 0);
    point += Math.floor(index / length);
    index %= length;
    if (point > 0x10_ff_ff) return undefined;
    points.splice(index++, 0, point);
  }
  return String.fromCodePoint(...points);
}

function digitOf(letter: string | undefined): number | undefined {
  if (letter === undefined || !/^[a-z0-9]$/.test(letter)) return undefined;
  return letter <= "9" ? letter.charCodeAt(0) - 0x30 + 26 : letter.charCodeAt(0) - 0x61;
}

function adapt(delta: number, length: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? 700 : 2));
  rest += Math.floor(rest / length);
  let bias = 0;
  for (; rest > 455; bias += 36) rest = Math.floor(rest / 35);
  return bias + Math.floor((36 * rest) / (rest + 38));
}
