import type { Kernel } from "./kernel.ts";
import { openNativeKernel } from "./native-kernel.ts";
import { portableKernel } from "./portable-kernel.ts";

let native: Kernel | undefined;

/**
 * The file system calls of this thread, loaded at the first use (FFI takes some milliseconds). `native` throws where
 * FFI does not work; without a wish it is taken where it does.
 */
export function openKernel(wish: "native" | "portable" | undefined): Kernel {
  if (wish === "portable") return portableKernel;
  if (native !== undefined) return native;
  try {
    native = openNativeKernel();
  } catch (error) {
    if (wish === "native") throw error;
    native = portableKernel;
  }
  return native;
}
