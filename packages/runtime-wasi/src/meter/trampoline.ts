/**
 * A module that imports a function `() -> ()` as `m` `f` and exports the same as `f`. A table slot that holds its
 * export around a `WebAssembly.Suspending` can be reached by `call_indirect` and suspends the whole guest:
 *
 * ```ts
 * const { exports } = new WebAssembly.Instance(new WebAssembly.Module(trampolineBytes), {
 *   m: { f: new WebAssembly.Suspending(() => nextTurn()) },
 * });
 * table.set(0, exports.f);
 * ```
 */
export const trampolineBytes: Uint8Array<ArrayBuffer> = Uint8Array.from([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  // type 0: () -> ()
  0x01, 0x04, 0x01, 0x60, 0x00, 0x00,
  // import m.f: type 0
  0x02, 0x07, 0x01, 0x01, 0x6d, 0x01, 0x66, 0x00, 0x00,
  // function 1: type 0
  0x03, 0x02, 0x01, 0x00,
  // export f: function 1
  0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x01,
  // body: call 0
  0x0a, 0x06, 0x01, 0x04, 0x00, 0x10, 0x00, 0x0b,
]);
