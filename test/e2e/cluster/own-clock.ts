import { spawnSync } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";

/** A wall clock for processes that a test starts. */
export interface OwnClock extends AsyncDisposable {
  /** What a process that is to have it finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Sets it, so many seconds from this machine's, in all processes that have it. What is monotonic goes on. */
  set(secondsAhead: number): Promise<void>;
}

/** Makes one, whose files lie in `directory`; at first it is this machine's. */
export async function makeOwnClock(directory: string): Promise<OwnClock> {
  const library = join(directory, "own-clock.so");
  const source = join(import.meta.dirname, "own-clock.c");
  const flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"];
  const { status, stderr } = spawnSync("clang", [...flags, source, "-o", library], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${source} does not compile.\n${stderr}`);
  const path = join(directory, "own-clock");
  const file = await open(path, "w");
  const set = async (secondsAhead: number): Promise<void> => {
    const seconds = Buffer.alloc(8);
    seconds.writeBigInt64LE(BigInt(secondsAhead));
    await file.write(seconds, 0, seconds.length, 0);
  };
  await set(0);
  return {
    environment: { LD_PRELOAD: library, OWN_CLOCK: path },
    set,
    [Symbol.asyncDispose]: () => file.close(),
  };
}
