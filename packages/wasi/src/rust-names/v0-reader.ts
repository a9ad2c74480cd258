import { punycodeOf } from "./punycode.ts";

/** Thrown where a symbol is not one, is too deep, or names too much; never leaves `v0PathOf`. */
export class NotASymbol extends Error {}

const MOST_NESTED = 100;
const MOST_STEPS = 2_000;

/** What a v0 symbol is spelled with: a place in it, and the tokens that stand there. */
export class V0Reader {
  readonly #text: string;
  #at = 0;
  #nested = 0;
  #bound = 0;
  #steps = 0;

  /** `text` is what stands after `_R`: back references count from there. */
  constructor(text: string) {
    this.#text = text;
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  peek(): string {
    return this.#text[this.#at] ?? "";
  }

  next(): string {
    const tag = this.#text[this.#at++];
    if (tag === undefined) throw new NotASymbol();
    return tag;
  }

  takes(tag: string): boolean {
    if (this.peek() !== tag) return false;
    this.#at++;
    return true;
  }

  /** Digits and letters in base 62 up to `_`, and one more: `_` is 0, `0_` is 1. */
  base62(): number {
    const digits = this.match(/[0-9a-zA-Z]*_/y).slice(0, -1);
    if (digits === "") return 0;
    let value = 0;
    for (const digit of digits)
      value = value * 62 + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(digit);
    return value + 1;
  }

  /** A number that a tag announces: 0 without the tag, and one more than it says. */
  optionalBase62(tag: string): number {
    return this.takes(tag) ? this.base62() + 1 : 0;
  }

  /** `'_`, or the letter of a lifetime that a `for<…>` around it has bound. */
  lifetime(): string {
    const index = this.base62();
    if (index > this.#bound) throw new NotASymbol();
    return index === 0 ? "'_" : nameOf(this.#bound - index);
  }

  /** Reads a part that may bind lifetimes for itself: `for<'a> …`. */
  binding(read: () => string): string {
    const before = this.#bound;
    const count = this.optionalBase62("G");
    if (count > MOST_NESTED) throw new NotASymbol();
    this.#bound += count;
    const names = Array.from({ length: count }, (_, at) => nameOf(before + at));
    const part = read();
    this.#bound = before;
    return count === 0 ? part : `for<${names.join(", ")}> ${part}`;
  }

  /** A name without what tells it from its namesakes. */
  identifier(): string {
    const encoded = this.takes("u");
    const length = Number(this.match(/0|[1-9]\d{0,4}/y));
    this.takes("_");
    const name = this.#text.slice(this.#at, this.#at + length);
    if (name.length < length) throw new NotASymbol();
    this.#at += length;
    const plain = encoded ? punycodeOf(name) : name;
    if (plain === undefined) throw new NotASymbol();
    return plain;
  }

  match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) throw new NotASymbol();
    this.#at += found.length;
    return found;
  }

  /** Reads a part within another. References back may name the same part over and over: there is an end to that. */
  within<T>(read: () => T): T {
    if (++this.#steps > MOST_STEPS || ++this.#nested > MOST_NESTED) throw new NotASymbol();
    const value = read();
    this.#nested--;
    return value;
  }

  /** After `B`: what stands at an earlier place. */
  backReference<T>(read: () => T): T {
    const place = this.#at - 1;
    const target = this.base62();
    if (target >= place) throw new NotASymbol();
    const back = this.#at;
    this.#at = target;
    const value = read();
    this.#at = back;
    return value;
  }
}

function nameOf(depth: number): string {
  return depth < 26 ? `'${String.fromCharCode(0x61 + depth)}` : `'_${depth}`;
}
