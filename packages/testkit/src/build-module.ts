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

const emptyModule = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Eight bytes that open a component, and nothing else. */
export const emptyComponent: Uint8Array<ArrayBuffer> = Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0);

/** A small valid module, byte by byte, for tests that need one that no compiler makes. */
export function buildModule(parts: ModuleParts = {}): Uint8Array<ArrayBuffer> {
  const imports = parts.imports ?? [];
  const functions = Object.entries(parts.functions ?? {});
  const { memory } = parts;
  const exports = functions.map(([name], index) => [...text(name), 0x00, ...leb(imports.length + index)]);
  if (memory !== undefined) exports.push([...text("memory"), 0x02, 0x00]);
  const limits =
    memory === undefined
      ? []
      : memory.max === undefined
        ? [0x00, ...leb(memory.min)]
        : [0x01, ...leb(memory.min), ...leb(memory.max)];
  return Uint8Array.from([
    ...emptyModule,
    ...section(1, [[0x60, 0x00, 0x00]]),
    ...section(
      2,
      imports.map(([module, name]) => [...text(module), ...text(name), 0x00, 0x00]),
    ),
    ...section(
      3,
      functions.map(() => [0x00]),
    ),
    ...section(5, memory === undefined ? [] : [limits]),
    ...section(7, exports),
    ...section(
      10,
      functions.map(([, body]) => [...leb(body.length + 2), 0x00, ...body, 0x0b]),
    ),
  ]);
}

function section(id: number, entries: readonly (readonly number[])[]): readonly number[] {
  if (entries.length === 0) return [];
  const content = [...leb(entries.length), ...entries.flat()];
  return [id, ...leb(content.length), ...content];
}

function text(value: string): readonly number[] {
  const bytes = new TextEncoder().encode(value);
  return [...leb(bytes.length), ...bytes];
}

function leb(value: number): readonly number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}
