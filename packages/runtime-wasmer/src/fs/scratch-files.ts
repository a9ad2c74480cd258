import { WasmFs } from "@wasmer/wasmfs";
import type { ScratchQuota } from "./scratch-quota.ts";

/** The calls of node:fs that `@wasmer/wasi` makes and that memfs has, as they are used here. */
interface MemoryFs {
  openSync(path: string, flags: number): number;
  closeSync(fd: number): void;
  fstatSync(fd: number): { readonly size: number };
  statSync(path: string): { readonly size: number };
  readSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number;
  writeSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number;
  ftruncateSync(fd: number, size: number): void;
  mkdirSync(path: string): void;
  mkdirpSync(path: string): void;
  writeFileSync(path: string, data: string): void;
  existsSync(path: string): boolean;
  readdirSync(path: string, options: { withFileTypes: true }): unknown[];
  realpathSync(path: string): string;
  readlinkSync(path: string): string;
  rmdirSync(path: string): void;
  unlinkSync(path: string): void;
  renameSync(from: string, to: string): void;
  linkSync(from: string, to: string): void;
  symlinkSync(target: string, path: string): void;
  utimesSync(path: string, atime: Date, mtime: Date): void;
  futimesSync(fd: number, atime: Date, mtime: Date): void;
  fsyncSync(fd: number): void;
  fdatasyncSync(fd: number): void;
}

/** A guest's files in memory: a `WasmFs` of its own, with what it may put there counted. */
export class ScratchFiles {
  readonly fs: MemoryFs;
  readonly #quota: ScratchQuota;

  constructor(quota: ScratchQuota) {
    this.#quota = quota;
    this.fs = new WasmFs().fs as unknown as MemoryFs;
    this.fs.mkdirpSync("/tmp");
  }

  /** Shows a mount in the listing of its parent. */
  placeholder(path: string, kind: "directory" | "file"): void {
    if (kind === "directory") {
      this.fs.mkdirpSync(path);
      return;
    }
    this.fs.mkdirpSync(path.slice(0, path.lastIndexOf("/")) || "/");
    if (!this.fs.existsSync(path)) this.fs.writeFileSync(path, "");
  }

  open(path: string, flags: number, creates: boolean): number {
    if (creates && !this.fs.existsSync(path)) this.#quota.takeEntry();
    return this.fs.openSync(path, flags);
  }

  write(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number {
    // A write far behind the end fills what is between, and memfs keeps that as well.
    const { size } = this.fs.fstatSync(fd);
    this.#quota.takeBytes(Math.max(length, (position ?? 0) + length - size));
    return this.fs.writeSync(fd, buffer, offset, length, position);
  }

  truncate(fd: number, size: number): void {
    this.#quota.takeBytes(Math.max(0, size - this.fs.fstatSync(fd).size));
    this.fs.ftruncateSync(fd, size);
  }

  /** Makes an entry, if there may be one more. */
  make(entry: (fs: MemoryFs) => void): void {
    this.#quota.takeEntry();
    entry(this.fs);
  }
}
