import * as fs from "node:fs";
import type { Mount } from "@krustlet/interface";
import { HostMount } from "./host-mount.ts";
import { ScratchFiles } from "./scratch-files.ts";
import { errnoError, ScratchQuota } from "./scratch-quota.ts";

interface Located {
  readonly mount: HostMount;
  /** Relative to the mount. */
  readonly path: string;
}

/**
 * The files of one guest as `@wasmer/wasi` wants them: the synchronous calls of node:fs that it makes, answered by
 * the mounts where a path lies in one, and by a `WasmFs` in memory everywhere else. Descriptors of the host are given
 * out as negative numbers, so that neither side's can be taken for the other's. Owns what is open.
 */
export class GuestFiles implements Disposable {
  readonly constants: typeof fs.constants = fs.constants;
  readonly #mounts: readonly HostMount[];
  readonly #scratch: ScratchFiles;
  readonly #open = new Set<number>();
  readonly #maxOpen: number;

  constructor(mounts: readonly Mount[], maxOpen = 1024) {
    this.#maxOpen = maxOpen;
    this.#scratch = new ScratchFiles(new ScratchQuota());
    const opened: HostMount[] = [];
    this.#mounts = opened;
    try {
      for (const mount of mounts) {
        this.#scratch.placeholder(mount.target, mount.kind);
        opened.push(new HostMount(mount));
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    // The longest target first: a mount within a mount wins.
    opened.sort((a, b) => b.target.length - a.target.length);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) if (fd < 0) fs.closeSync(-fd);
    this.#open.clear();
    for (const mount of this.#mounts) mount[Symbol.dispose]();
  }

  openSync = (path: string, flags: number): number => {
    if (this.#open.size >= this.#maxOpen) throw errnoError("EMFILE");
    const at = this.#locate(path);
    const fd =
      at === undefined
        ? this.#scratch.open(path, flags, (flags & fs.constants.O_CREAT) !== 0)
        : -at.mount.open(at.path, flags);
    this.#open.add(fd);
    return fd;
  };

  closeSync = (fd: number): void => {
    if (!this.#open.delete(fd)) throw errnoError("EBADF");
    if (fd < 0) fs.closeSync(-fd);
    else this.#scratch.fs.closeSync(fd);
  };

  fstatSync = (fd: number): unknown => (fd < 0 ? fs.fstatSync(-fd) : this.#scratch.fs.fstatSync(fd));
  fsyncSync = (fd: number): void => (fd < 0 ? fs.fsyncSync(-fd) : this.#scratch.fs.fsyncSync(fd));
  fdatasyncSync = (fd: number): void => (fd < 0 ? fs.fdatasyncSync(-fd) : this.#scratch.fs.fdatasyncSync(fd));

  ftruncateSync = (fd: number, size: number): void => {
    if (fd < 0) fs.ftruncateSync(-fd, size);
    else this.#scratch.truncate(fd, size);
  };

  futimesSync = (fd: number, atime: Date, mtime: Date): void => {
    if (fd < 0) fs.futimesSync(-fd, atime, mtime);
    else this.#scratch.fs.futimesSync(fd, atime, mtime);
  };

  readSync = (
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): number =>
    fd < 0
      ? fs.readSync(-fd, buffer, offset, length, position)
      : this.#scratch.fs.readSync(fd, buffer, offset, length, position);

  writeSync = (
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): number =>
    fd < 0
      ? fs.writeSync(-fd, buffer, offset, length, position)
      : this.#scratch.write(fd, buffer, offset, length, position);

  readdirSync = (path: string, options: { withFileTypes: true }): unknown[] => {
    const at = this.#locate(path);
    if (at === undefined) return this.#scratch.fs.readdirSync(path, options);
    return at.mount.withTarget(at.path, (hostPath) => fs.readdirSync(hostPath, options));
  };

  statSync = (path: string): unknown => {
    const at = this.#locate(path);
    if (at === undefined) return this.#scratch.fs.statSync(path);
    return at.mount.withTarget(at.path, (hostPath) => fs.statSync(hostPath));
  };

  realpathSync = (path: string): string => {
    const at = this.#locate(path);
    if (at === undefined) return this.#scratch.fs.realpathSync(path);
    const real = at.mount.realpath(at.path);
    const { target } = at.mount;
    if (real === "") return target;
    return target === "/" ? `/${real}` : `${target}/${real}`;
  };

  readlinkSync = (path: string): string => {
    const at = this.#locate(path);
    if (at === undefined) return this.#scratch.fs.readlinkSync(path);
    return at.mount.withEntry(at.path, (hostPath) => fs.readlinkSync(hostPath));
  };

  mkdirSync = (path: string): void =>
    this.#change(
      path,
      (hostPath) => fs.mkdirSync(hostPath),
      () => this.#scratch.make((memory) => memory.mkdirSync(path)),
    );

  rmdirSync = (path: string): void =>
    this.#change(
      path,
      (hostPath) => fs.rmdirSync(hostPath),
      () => this.#scratch.fs.rmdirSync(path),
    );

  unlinkSync = (path: string): void =>
    this.#change(
      path,
      (hostPath) => fs.unlinkSync(hostPath),
      () => this.#scratch.fs.unlinkSync(path),
    );

  symlinkSync = (target: string, path: string): void => {
    // As WASI has it: a link leads somewhere relative to itself. The kernel refuses what leaves the mount anyway.
    if (target.startsWith("/")) throw errnoError("EPERM");
    this.#change(
      path,
      (hostPath) => fs.symlinkSync(target, hostPath),
      () => this.#scratch.make((memory) => memory.symlinkSync(target, path)),
    );
  };

  utimesSync = (path: string, atime: Date, mtime: Date): void =>
    this.#change(
      path,
      (hostPath) => fs.lutimesSync(hostPath, atime, mtime),
      () => this.#scratch.fs.utimesSync(path, atime, mtime),
    );

  renameSync = (from: string, to: string): void =>
    this.#move(from, to, fs.renameSync, () => this.#scratch.fs.renameSync(from, to));

  linkSync = (from: string, to: string): void =>
    this.#move(from, to, fs.linkSync, () => this.#scratch.make((memory) => memory.linkSync(from, to)));

  #change(path: string, onHost: (hostPath: string) => void, inMemory: () => void): void {
    const at = this.#locate(path);
    if (at === undefined) {
      if (this.#mounts.some(({ target }) => target === path || target.startsWith(`${path}/`))) {
        throw errnoError("EBUSY");
      }
      inMemory();
      return;
    }
    at.mount.requireWritable();
    at.mount.withEntry(at.path, onHost);
  }

  #move(from: string, to: string, onHost: (from: string, to: string) => void, inMemory: () => void): void {
    const [source, target] = [this.#locate(from), this.#locate(to)];
    if (source?.mount !== target?.mount) throw errnoError("EXDEV");
    if (source === undefined || target === undefined) {
      inMemory();
      return;
    }
    source.mount.requireWritable();
    source.mount.withEntry(source.path, (hostFrom) =>
      target.mount.withEntry(target.path, (hostTo) => onHost(hostFrom, hostTo)),
    );
  }

  /** The mount that an absolute path without dots lies in. */
  #locate(path: string): Located | undefined {
    for (const mount of this.#mounts) {
      const { target } = mount;
      if (path === target) return { mount, path: "" };
      const prefix = target === "/" ? "/" : `${target}/`;
      if (path.startsWith(prefix)) return { mount, path: path.slice(prefix.length) };
    }
    return undefined;
  }
}
