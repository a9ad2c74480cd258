/** A number as LEB128 bytes. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest = Math.floor(rest / 0x80);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

export function text(name: string): number[] {
  const raw = new TextEncoder().encode(name);
  return [...leb(raw.length), ...raw];
}

export function vector(entries: readonly (readonly number[])[]): number[] {
  return [...leb(entries.length), ...entries.flat()];
}

function section(id: number, contents: readonly number[]): number[] {
  return [id, ...leb(contents.length), ...contents];
}

export function custom(name: string, contents: readonly number[]): number[] {
  return section(0, [...text(name), ...contents]);
}

export function module(...sections: readonly number[][]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);
}

/** A function of a test module: its type index, its locals (each a value type), its code without the last `end`. */
export interface TestFunction {
  readonly type: number;
  readonly locals?: readonly number[];
  readonly code: readonly number[];
}

/** A body with its size, as the code section wants it. */
function bodyOf({ locals = [], code }: TestFunction): number[] {
  const inside = [...vector(locals.map((type) => [1, type])), ...code, 0x0b];
  return [...leb(inside.length), ...inside];
}

/** What {@link build} puts together; vectors are given as encoded entries. */
export interface TestModule {
  readonly types: readonly (readonly number[])[];
  readonly imports?: readonly (readonly number[])[];
  readonly functions: readonly TestFunction[];
  readonly tables?: readonly (readonly number[])[];
  readonly memories?: readonly (readonly number[])[];
  readonly tags?: readonly (readonly number[])[];
  readonly globals?: readonly (readonly number[])[];
  readonly exports?: readonly (readonly number[])[];
  readonly start?: number;
  readonly elements?: readonly (readonly number[])[];
  readonly data?: readonly (readonly number[])[];
  /** Custom sections before the code section, and after everything. */
  readonly beforeCode?: readonly number[];
  readonly last?: readonly number[];
}

/** Encodes a module; sections without entries are left out. */
export function build(parts: TestModule): Uint8Array<ArrayBuffer> {
  const given = (id: number, entries: readonly (readonly number[])[] | undefined): number[] =>
    entries === undefined ? [] : section(id, vector(entries));
  return module(
    given(1, parts.types),
    given(2, parts.imports),
    given(
      3,
      parts.functions.map(({ type }) => leb(type)),
    ),
    given(4, parts.tables),
    given(5, parts.memories),
    given(13, parts.tags),
    given(6, parts.globals),
    given(7, parts.exports),
    parts.start === undefined ? [] : section(8, leb(parts.start)),
    given(9, parts.elements),
    parts.data === undefined ? [] : section(12, leb(parts.data.length)),
    [...(parts.beforeCode ?? [])],
    given(10, parts.functions.map(bodyOf)),
    given(11, parts.data),
    [...(parts.last ?? [])],
  );
}

/** An exported function. */
export function exported(name: string, index: number): number[] {
  return [...text(name), 0, ...leb(index)];
}
