import { access, constants, statfs } from "node:fs/promises";

const TMPFS = 0x01021994;

/** The directory in memory to use: the given one, or `/dev/shm` where it is a tmpfs that can be written to. */
export async function memoryDirectoryOf(given: string | false | undefined): Promise<string | undefined> {
  if (given !== undefined) return given === false ? undefined : given;
  try {
    const { type } = await statfs("/dev/shm");
    if (type !== TMPFS) return undefined;
    await access("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    // Not every host has one.
    return undefined;
  }
}
