import { runModule } from "../src/index.ts";
import type { ByteSource, RootNode, WasiExit, WasiInit } from "../src/index.ts";
import { compileGuest } from "./compile-guest.ts";

/** What a guest did. */
export interface GuestRun {
  readonly exit: WasiExit;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `guests/<name>.c` to its end and collects its output. */
export async function runGuest(
  name: string,
  args: readonly string[],
  init: WasiInit = {},
): Promise<GuestRun> {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const exit = await runModule(await compileGuest(name), {
    stdout: { write: (chunk) => void out.push(chunk) },
    stderr: { write: (chunk) => void err.push(chunk) },
    ...init,
    args: [name, ...args],
  });
  return { exit, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

/** Runs the operations of `guests/files.c` on a tree and answers its lines. */
export async function runFiles(
  node: RootNode,
  args: readonly string[],
  init: WasiInit = {},
): Promise<readonly string[]> {
  const { exit, stdout, stderr } = await runGuest("files", args, {
    preopens: [{ guestPath: "/", node }],
    ...init,
  });
  if (exit.kind !== "exit" || exit.code !== 0) throw new Error(`${JSON.stringify(exit)} ${stderr}`);
  return stdout.trimEnd().split("\n");
}

/** A source that gives `text` and ends. */
export function textSource(text: string): ByteSource {
  let rest = Buffer.from(text);
  return {
    read(max) {
      const part = rest.subarray(0, max);
      rest = rest.subarray(max);
      return part;
    },
  };
}
