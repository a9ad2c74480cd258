import type { Kernel } from "./kernel.ts";
import { openNativeKernel } from "./native-kernel.ts";
import { portableKernel } from "./portable-kernel.ts";

/** Calls `load` at once or a little later, before it returns. */
export type LoadingGuard = (load: () => void) => void;

let native: Kernel | undefined;
let guard: LoadingGuard = (load) => load();

/**
 * What this thread loads native code within, once. A thread that is ended in the middle of it takes the process with it:
 * who ends threads from outside has to know of it.
 */
export function guardNativeLoading(within: LoadingGuard): void {
  guard = within;
}

/**
 * The file system calls of this thread, loaded at the first use (FFI takes some milliseconds). `native` throws where
 * FFI does not work; without a wish it is taken where it does.
 */
export function openKernel(wish: "native" | "portable" | undefined): Kernel {
  if (wish === "portable") return portableKernel;
  if (native !== undefined) return native;
  try {
    native = openGuarded();
  } catch (error) {
    if (wish === "native") throw error;
    native = portableKernel;
  }
  return native;
}

function openGuarded(): Kernel {
  let opened: Kernel | undefined;
  guard(() => (opened = openNativeKernel()));
  if (opened === undefined) throw new TypeError("the guard of native loading has loaded nothing");
  return opened;
}
