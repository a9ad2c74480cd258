/**
 * The engine's types, where the program that uses this package has them: in TypeScript's library `DOM`, which a program
 * for Node need not have. Elsewhere they are objects of which nothing is known.
 */
type InstanceOf<Name extends string> = typeof globalThis extends {
  readonly WebAssembly: { readonly [Each in Name]: new (...values: never[]) => infer Made };
}
  ? Made
  : object;

/** `WebAssembly.Module` */
export type WasmModule = InstanceOf<"Module">;
/** `WebAssembly.Instance` */
export type WasmInstance = InstanceOf<"Instance">;
/** `WebAssembly.Memory` */
export type WasmMemory = InstanceOf<"Memory">;
/** `WebAssembly.Imports` */
export type WasmImports = typeof globalThis extends {
  readonly WebAssembly: { readonly Instance: new (module: never, imports?: infer Imports) => unknown };
}
  ? NonNullable<Imports>
  : Record<string, Record<string, unknown>>;
