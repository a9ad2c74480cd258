import { readFile, statfs } from "node:fs/promises";
import { availableParallelism, hostname, release } from "node:os";

/** What a measurement is taken from; the default is this machine, tests give another. */
export interface MachineReader {
  /** The text of a file; undefined where it cannot be read. */
  text(path: string): Promise<string | undefined>;
  /** The file system that holds `path`. */
  fileSystem(path: string): Promise<FileSystemSize>;
  /** How many CPUs this process may use. */
  cpus(): number;
  hostname(): string;
  kernelVersion(): string;
}

/** The size of a file system. */
export interface FileSystemSize {
  readonly bytes: number;
  /** What an ordinary user could still write. */
  readonly availableBytes: number;
  /** 0 where the file system does not count inodes. */
  readonly inodes: number;
  readonly freeInodes: number;
}

/** This machine. */
export const SYSTEM_READER: MachineReader = {
  async text(path) {
    try {
      return await readFile(path, "utf8");
    } catch {
      return undefined;
    }
  },
  async fileSystem(path) {
    const { bsize, blocks, bavail, files, ffree } = await statfs(path);
    return { bytes: bsize * blocks, availableBytes: bsize * bavail, inodes: files, freeInodes: ffree };
  },
  cpus: availableParallelism,
  hostname,
  kernelVersion: release,
};
