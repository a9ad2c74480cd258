import { encodeLeb, encodeModule, encodeSection, encodeText, encodeVector } from "@krustlet/testkit";

/** A function of a test module: its type index, its locals (each a value type), its code without the last `end`. */
export interface TestFunction {
  readonly type: number;
  readonly locals?: readonly number[];
  readonly code: readonly number[];
}

/** A body with its size, as the code section wants it. */
function bodyOf({ locals = [], code }: TestFunction): number[] {
  const inside = [...encodeVector(locals.map((type) => [1, type])), ...code, 0x0b];
  return [...encodeLeb(inside.length), ...inside];
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
    entries === undefined ? [] : encodeSection(id, encodeVector(entries));
  return encodeModule(
    given(1, parts.types),
    given(2, parts.imports),
    given(
      3,
      parts.functions.map(({ type }) => encodeLeb(type)),
    ),
    given(4, parts.tables),
    given(5, parts.memories),
    given(13, parts.tags),
    given(6, parts.globals),
    given(7, parts.exports),
    parts.start === undefined ? [] : encodeSection(8, encodeLeb(parts.start)),
    given(9, parts.elements),
    parts.data === undefined ? [] : encodeSection(12, encodeLeb(parts.data.length)),
    [...(parts.beforeCode ?? [])],
    given(10, parts.functions.map(bodyOf)),
    given(11, parts.data),
    [...(parts.last ?? [])],
  );
}

/** An exported function. */
export function exported(name: string, index: number): number[] {
  return [...encodeText(name), 0, ...encodeLeb(index)];
}
