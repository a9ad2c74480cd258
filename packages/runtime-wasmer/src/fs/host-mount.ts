import { closeSync, constants, openSync, readlinkSync } from "node:fs";
import { dirname, basename } from "node:path/posix";
import type { Mount } from "@krustlet/interface";
import { openBeneath } from "@krustlet/wasi";
import { errnoError } from "./scratch-quota.ts";

const { O_DIRECTORY, O_NONBLOCK, O_WRONLY, O_RDWR, O_CREAT, O_TRUNC } = constants;
const O_PATH = 0o10000000;
const WRITES = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

/**
 * One mount: a host directory that nothing can leave, because the host's kernel resolves every path beneath its
 * descriptor. Paths are relative to the mount, without a leading slash; `""` is the mount itself. Owns the descriptor.
 */
export class HostMount implements Disposable {
  readonly target: string;
  readonly #root: number;
  readonly #readOnly: boolean;
  /** Set for a mount of a single file. */
  readonly #file: string | undefined;

  constructor({ source, target, kind, readOnly }: Mount) {
    this.target = target;
    this.#file = kind === "file" ? basename(source) : undefined;
    this.#root = openSync(kind === "file" ? dirname(source) : source, O_PATH | O_DIRECTORY);
    this.#readOnly = readOnly;
  }

  [Symbol.dispose](): void {
    closeSync(this.#root);
  }

  /** Opens what `path` names; never blocks on a FIFO. */
  open(path: string, flags: number): number {
    if ((flags & WRITES) !== 0) this.requireWritable();
    return openBeneath(this.#root, this.#inside(path), flags | O_NONBLOCK, 0o666);
  }

  /** @throws an `EROFS` error for a read-only mount. */
  requireWritable(): void {
    if (this.#readOnly) throw errnoError("EROFS");
  }

  /**
   * Calls `use` with a host path of the last component of `path`, whose parent is held open: nobody can swap it for
   * another while it is used. The call must not follow the last component where it is a link.
   */
  withEntry<T>(path: string, use: (hostPath: string) => T): T {
    const inside = this.#inside(path);
    if (inside === ".") throw errnoError("EBUSY");
    const parent = openBeneath(this.#root, dirname(inside), O_PATH | O_DIRECTORY, 0);
    try {
      return use(`/proc/self/fd/${parent}/${basename(inside)}`);
    } finally {
      closeSync(parent);
    }
  }

  /** Calls `use` with a host path of what `path` leads to, links followed beneath the mount. */
  withTarget<T>(path: string, use: (hostPath: string) => T): T {
    const fd = openBeneath(this.#root, this.#inside(path), O_PATH, 0);
    try {
      return use(`/proc/self/fd/${fd}`);
    } finally {
      closeSync(fd);
    }
  }

  /** Path of what `path` leads to, relative to the mount again. */
  realpath(path: string): string {
    if (this.#file !== undefined) return "";
    const root = readlinkSync(`/proc/self/fd/${this.#root}`);
    const real = this.withTarget(path, (hostPath) => readlinkSync(hostPath));
    if (real === root) return "";
    // Renamed out of the mount just now, by somebody else.
    if (!real.startsWith(root === "/" ? "/" : `${root}/`)) throw errnoError("ENOENT");
    return real.slice(root === "/" ? 1 : root.length + 1);
  }

  #inside(path: string): string {
    if (this.#file === undefined) return path === "" ? "." : path;
    if (path !== "") throw errnoError("ENOTDIR");
    return this.#file;
  }
}
