import { readFile, realpath } from "node:fs/promises";

/** Pure: the places of `mountInfo` (`/proc/self/mountinfo`) that are `directory` or lie in it. */
export function mountsBeneath(mountInfo: string, directory: string): readonly string[] {
  return mountInfo
    .split("\n")
    .map((line) => unescaped(line.split(" ")[4] ?? ""))
    .filter((place) => place === directory || place.startsWith(`${directory}/`));
}

/** Whether anything is mounted at or beneath `directory`: then nobody may remove what is in it. */
export async function isMountedBeneath(directory: string): Promise<boolean> {
  let real: string;
  try {
    real = await realpath(directory);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
  return mountsBeneath(await readFile("/proc/self/mountinfo", "utf8"), real).length > 0;
}

/** The system writes blanks and backslashes of a path as three octal digits. */
function unescaped(place: string): string {
  return place.replaceAll(/\\([0-7]{3})/gu, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
