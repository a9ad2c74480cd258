import { stat } from "node:fs/promises";

/** Bytes of what is at a path; undefined where nothing is, or is any more: another process may just have collected it. */
export async function sizeAt(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
