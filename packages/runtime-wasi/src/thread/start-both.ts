/** Type `() -> ()`, imports `m.a` and `m.b` of it, exports `f` that calls one after the other. */
const GLUE: Uint8Array<ArrayBuffer> = Uint8Array.from([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x02, 0x0d, 0x02, 0x01,
  0x6d, 0x01, 0x61, 0x00, 0x00, 0x01, 0x6d, 0x01, 0x62, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x07, 0x05, 0x01,
  0x01, 0x66, 0x00, 0x02, 0x0a, 0x08, 0x01, 0x06, 0x00, 0x10, 0x00, 0x10, 0x01, 0x0b,
]);

let glue: WebAssembly.Module | undefined;

/**
 * The instance with a `_start` that first runs what was the module's start section: both then run suspendably and
 * as one call.
 */
export function startBoth(instance: WebAssembly.Instance, startExport: string): WebAssembly.Instance {
  const { [startExport]: before, _start: main } = instance.exports;
  if (before === undefined || main === undefined) return instance;
  glue ??= new WebAssembly.Module(GLUE);
  const both = new WebAssembly.Instance(glue, { m: { a: before, b: main } });
  return { exports: { ...instance.exports, _start: both.exports["f"] ?? main } };
}
