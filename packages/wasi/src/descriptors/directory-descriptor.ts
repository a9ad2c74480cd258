import { closeSync, constants, fsync as fsyncWithCallback } from "node:fs";
import { promisify } from "node:util";

import { ERRNO, fail } from "../errno.ts";
import { FILETYPE, filetypeOfNode, virtualFilestat, virtualInode } from "../filestat.ts";
import type { Filestat } from "../filestat.ts";
import type { DirectoryReader, HostEntry, Kernel, NewTime } from "../kernel/kernel.ts";
import { ALWAYS } from "../kernel/open-flags.ts";
import type { Place } from "../tree/place.ts";
import { Descriptor } from "./descriptor.ts";

// Cookies of the host's own entries have this bit clear: they are file offsets, which are signed.
const NODES = 1n << 63n;
const fsync = promisify(fsyncWithCallback);
const encoder = new TextEncoder();

/** An open directory of the guest's tree; it owns one share of the place. */
export class DirectoryDescriptor extends Descriptor {
  readonly filetype: number = FILETYPE.DIRECTORY;
  readonly place: Place;
  readonly #kernel: () => Kernel;
  #reader: { readonly fd: number; readonly entries: DirectoryReader } | undefined;

  constructor(kernel: () => Kernel, place: Place, rights: number, inheriting: number) {
    super(rights, inheriting);
    this.#kernel = kernel;
    this.place = place;
  }

  /** Some entries after `cookie`, `.` and `..` among them; none at the end. */
  entries(cookie: bigint): readonly HostEntry[] {
    const { children } = this.place;
    if (cookie < NODES && this.place.host !== undefined) {
      for (let from = cookie; ;) {
        const found = this.#open(this.place.host).read(from);
        const last = found.at(-1);
        if (last === undefined) break;
        const shown =
          children.size === 0
            ? found
            : found.filter(({ name }) => !children.has(Buffer.from(name).toString()));
        if (shown.length > 0) return shown;
        from = last.next;
      }
    }
    const index = cookie < NODES ? 0 : Number(cookie - NODES);
    return this.#nodes().slice(index);
  }

  override read(): number {
    return fail(ERRNO.ISDIR);
  }

  override write(): number {
    return fail(ERRNO.ISDIR);
  }

  override stat(): Filestat {
    const { host } = this.place;
    if (host !== undefined) return this.#kernel().stat(host);
    return virtualFilestat(FILETYPE.DIRECTORY, virtualInode(this.place.identity));
  }

  override setTimes(atime: NewTime, mtime: NewTime): void {
    this.#kernel().setTimes(this.place.writable(), atime, mtime);
  }

  override async sync(): Promise<void> {
    const { host } = this.place;
    if (host === undefined) return;
    this.#open(host);
    if (this.#reader !== undefined) await fsync(this.#reader.fd);
  }

  override close(): void {
    if (this.#reader !== undefined) closeSync(this.#reader.fd);
    this.place[Symbol.dispose]();
  }

  #open(host: number): DirectoryReader {
    if (this.#reader === undefined) {
      const fd = this.#kernel().openAt(host, ".", ALWAYS | constants.O_DIRECTORY | constants.O_RDONLY, 0);
      this.#reader = { fd, entries: this.#kernel().directoryReader(fd) };
    }
    return this.#reader.entries;
  }

  #nodes(): HostEntry[] {
    const own = this.place.host === undefined ? [".", ".."] : [];
    const self = virtualInode(this.place.identity);
    const names = [...own, ...this.place.children.keys()];
    return names.map((name, index) => {
      const node = this.place.children.get(name);
      return {
        name: encoder.encode(name),
        ino: node === undefined ? self : virtualInode(node),
        filetype: node === undefined ? FILETYPE.DIRECTORY : filetypeOfNode(node),
        next: NODES + BigInt(index + 1),
      };
    });
  }
}
