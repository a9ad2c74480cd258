import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { join } from "node:path";

/** Days after which compiled code that was not made anew goes: it is of versions that are gone, or is soon made again. */
const KEEP_DAYS = 60;

/**
 * Compiled code of earlier starts, by name. What is in it is run unseen, so that only files and directories count that
 * belong to this user and nobody else can write to: a cache that somebody else prepared is as good as none.
 */
export interface CodeCache {
  read(name: string): Buffer | undefined;
  /** Writes it as a whole or not at all. Never throws: without it, the next start is only slower. */
  write(name: string, code: Buffer): void;
}

/** The cache in the user's cache directory; undefined where there is none. */
export function openCodeCache(
  env: Readonly<Record<string, string | undefined>>,
  uid: number | undefined,
): CodeCache | undefined {
  const { XDG_CACHE_HOME: cacheHome, HOME: home } = env;
  // As everywhere on a system with users, a relative path in the variable does not count.
  const base = cacheHome?.startsWith("/") === true ? cacheHome : home && join(home, ".cache");
  if (uid === undefined || base?.startsWith("/") !== true) return undefined;
  return new CodeDirectory(join(base, "krustlet", "code"), uid);
}

class CodeDirectory implements CodeCache {
  readonly #path: string;
  readonly #uid: number;

  constructor(path: string, uid: number) {
    this.#path = path;
    this.#uid = uid;
  }

  read(name: string): Buffer | undefined {
    try {
      const directory = lstatSync(this.#path);
      if (!directory.isDirectory() || !this.#isOurs(directory)) return undefined;
      const fd = openSync(
        join(this.#path, name),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
      try {
        const file = fstatSync(fd);
        return file.isFile() && this.#isOurs(file) ? readFileSync(fd) : undefined;
      } finally {
        closeSync(fd);
      }
    } catch {
      return undefined;
    }
  }

  write(name: string, code: Buffer): void {
    const temporary = join(this.#path, `.${name}.${process.pid}.${process.hrtime.bigint()}`);
    try {
      mkdirSync(this.#path, { recursive: true, mode: 0o700 });
      if (!this.#isOurs(lstatSync(this.#path))) return;
      const fd = openSync(temporary, "wx", 0o600);
      try {
        for (let at = 0; at < code.length;) at += writeSync(fd, code, at);
        // The engine takes what has the right head for whole: half a file must not survive a crash of the machine.
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, join(this.#path, name));
      this.#removeOld();
    } catch {
      removeQuietly(temporary);
    }
  }

  #isOurs({ uid, mode }: Stats): boolean {
    return uid === this.#uid && (mode & 0o022) === 0;
  }

  #removeOld(): void {
    const oldest = Date.now() - KEEP_DAYS * 86_400_000;
    for (const name of readdirSync(this.#path)) {
      const path = join(this.#path, name);
      if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? oldest) < oldest) removeQuietly(path);
    }
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is not there, or stays; nothing depends on it.
  }
}
