import { ERRNO, fail } from "../errno.ts";
import type { Filestat } from "../filestat.ts";
import type { GuestMemory } from "../guest-memory.ts";

/** Where the two versions of the ABI differ. */
export interface Layout {
  writeFilestat(memory: GuestMemory, pointer: number, stat: Filestat): void;
  /** 0 from the start, 1 from here, 2 from the end. */
  whence(value: number): number;
  readonly subscription: {
    readonly size: number;
    readonly clock: number;
    readonly timeout: number;
    readonly clockFlags: number;
  };
}

function checked(value: number): number {
  return value >= 0 && value <= 2 ? value : fail(ERRNO.INVAL);
}

function writeCommon(memory: GuestMemory, pointer: number, size: number, stat: Filestat): DataView {
  const bytes = memory.slice(pointer, size).fill(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  view.setBigUint64(0, stat.dev, true);
  view.setBigUint64(8, stat.ino, true);
  view.setUint8(16, stat.filetype);
  return view;
}

function writeRest(view: DataView, at: number, stat: Filestat): void {
  view.setBigUint64(at, stat.size, true);
  view.setBigUint64(at + 8, stat.atim, true);
  view.setBigUint64(at + 16, stat.mtim, true);
  view.setBigUint64(at + 24, stat.ctim, true);
}

/** `wasi_snapshot_preview1`. */
export const PREVIEW1: Layout = {
  writeFilestat(memory, pointer, stat) {
    const view = writeCommon(memory, pointer, 64, stat);
    view.setBigUint64(24, stat.nlink, true);
    writeRest(view, 32, stat);
  },
  whence: checked,
  subscription: { size: 48, clock: 16, timeout: 24, clockFlags: 40 },
};

/** `wasi_unstable`, the older names: a 32-bit link count, another order of `whence`, an identifier in clocks. */
export const UNSTABLE: Layout = {
  writeFilestat(memory, pointer, stat) {
    const view = writeCommon(memory, pointer, 56, stat);
    view.setUint32(20, Number(BigInt.asUintN(32, stat.nlink)), true);
    writeRest(view, 24, stat);
  },
  whence: (value) => (checked(value) + 1) % 3,
  subscription: { size: 56, clock: 24, timeout: 32, clockFlags: 48 },
};
