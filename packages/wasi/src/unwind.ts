// A module whose one function is `unreachable`.
const TRAPPING = Uint8Array.of(
  0,
  0x61,
  0x73,
  0x6d,
  1,
  0,
  0,
  0,
  1,
  4,
  1,
  0x60,
  0,
  0,
  3,
  2,
  1,
  0,
  7,
  5,
  1,
  1,
  0x74,
  0,
  0,
  10,
  5,
  1,
  3,
  0,
  0,
  0x0b,
);

let trap: Error | undefined;

/**
 * The error that ends a guest: a genuine trap, which no `catch` and no `catch_all` of a module receives, so that the
 * stack unwinds and is freed and none of the guest's code runs on the way. (An ordinary error could be caught, and a
 * promise that never settles would keep the suspended stack for good: V8 takes every stack for a root.)
 */
export function unwindError(): Error {
  if (trap !== undefined) return trap;
  const { t } = new WebAssembly.Instance(new WebAssembly.Module(TRAPPING)).exports;
  try {
    if (typeof t === "function") t();
  } catch (error) {
    if (error instanceof Error) trap = error;
  }
  return (trap ??= new WebAssembly.RuntimeError("unreachable"));
}
