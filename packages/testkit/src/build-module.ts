import {
  encodeComponent,
  encodeLeb,
  encodeModule,
  encodeSection,
  encodeText,
  encodeVector,
} from "./encode-wasm.ts";

/** What {@link buildModule} makes a module of. Every function is `() -> ()`. */
export interface ModuleParts {
  /** Functions to import, as `module.name`. */
  readonly imports?: readonly (readonly [module: string, name: string])[];
  /** Pages of memory, exported as `memory`. */
  readonly memory?: { readonly min: number; readonly max?: number };
  /** Bodies of functions, without their `end`, by the name that they are exported under. */
  readonly functions?: Readonly<Record<string, readonly number[]>>;
}

/** Opcodes that tests of modules use. */
export const wasmCode = {
  unreachable: [0x00],
  /** `loop br 0 end`: never ends. */
  forever: [0x03, 0x40, 0x0c, 0x00, 0x0b],
  nop: [0x01],
} as const;

/** Eight bytes that open a component, and nothing else. */
export const emptyComponent: Uint8Array<ArrayBuffer> = encodeComponent();

/** A small valid module, byte by byte, for tests that need one that no compiler makes. */
export function buildModule(parts: ModuleParts = {}): Uint8Array<ArrayBuffer> {
  const imports = parts.imports ?? [];
  const functions = Object.entries(parts.functions ?? {});
  const { memory } = parts;
  const exports = functions.map(([name], index) => [
    ...encodeText(name),
    0x00,
    ...encodeLeb(imports.length + index),
  ]);
  if (memory !== undefined) exports.push([...encodeText("memory"), 0x02, 0x00]);
  const limits =
    memory === undefined
      ? []
      : memory.max === undefined
        ? [0x00, ...encodeLeb(memory.min)]
        : [0x01, ...encodeLeb(memory.min), ...encodeLeb(memory.max)];
  const given = (id: number, entries: readonly (readonly number[])[]): number[] =>
    entries.length === 0 ? [] : encodeSection(id, encodeVector(entries));
  return encodeModule(
    given(1, [[0x60, 0x00, 0x00]]),
    given(
      2,
      imports.map(([module, name]) => [...encodeText(module), ...encodeText(name), 0x00, 0x00]),
    ),
    given(
      3,
      functions.map(() => [0x00]),
    ),
    given(5, memory === undefined ? [] : [limits]),
    given(7, exports),
    given(
      10,
      functions.map(([, body]) => [...encodeLeb(body.length + 2), 0x00, ...body, 0x0b]),
    ),
  );
}
