const HASH = /^h[0-9a-f]{16}$/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["SP", "@"],
  ["BP", "*"],
  ["RF", "&"],
  ["LT", "<"],
  ["GT", ">"],
  ["LP", "("],
  ["RP", ")"],
  ["C", ","],
]);

/** The path in a symbol of rustc's legacy mangling; undefined for any other, such as one of C++, which has no hash. */
export function legacyPathOf(symbol: string): string | undefined {
  const { identifiers, end } = identifiersOf(symbol);
  const hash = identifiers.pop();
  const suffix = symbol.slice(end + 1);
  if (symbol[end] !== "E" || !/^(\.|$)/.test(suffix) || identifiers.length === 0 || !HASH.test(hash ?? "")) {
    return undefined;
  }
  return identifiers.map(unescaped).join("::") + suffix.replace(/\.llvm\..*$/, "");
}

/** What stands between `_ZN` and the end, each after its length. */
function identifiersOf(symbol: string): { identifiers: string[]; end: number } {
  const identifiers: string[] = [];
  let end = 3;
  for (;;) {
    const length = /^\d+/.exec(symbol.slice(end, end + 5))?.[0];
    if (length === undefined) return { identifiers, end };
    const start = end + length.length;
    end = start + Number(length);
    identifiers.push(symbol.slice(start, end));
  }
}

/** `$LT$` is `<`, `$u7b$` is `{`, two dots are a path's colons; an underscore stands before what begins with `$`. */
function unescaped(identifier: string): string {
  return identifier
    .replace(/^_(?=\$)/, "")
    .replaceAll("..", "::")
    .replaceAll(/\$(\w+?)\$/g, (whole, name: string) => {
      const code = /^u([0-9a-f]{1,6})$/.exec(name)?.[1];
      if (code === undefined) return ESCAPES.get(name) ?? whole;
      const point = Number.parseInt(code, 16);
      return point < 0x20 || point > 0x10_ff_ff ? whole : String.fromCodePoint(point);
    });
}
