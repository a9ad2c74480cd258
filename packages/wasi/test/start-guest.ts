import { createWasi } from "../src/index.ts";
import type { Wasi, WasiExit, WasiInit } from "../src/index.ts";
import { compileGuest } from "./compile-guest.ts";

/** A guest that runs. */
export interface RunningGuest {
  readonly wasi: Wasi;
  readonly exit: Promise<WasiExit>;
  /** The next line that it writes. */
  line(): Promise<string>;
}

/** Starts `guests/<name>.c`; what it writes to stderr when it fails is in what {@link RunningGuest.line} throws. */
export async function startGuest(
  name: string,
  args: readonly string[],
  init: WasiInit = {},
): Promise<RunningGuest> {
  const module = await compileGuest(name);
  const lines: string[] = [];
  let [rest, error, wake] = ["", "", (): void => {}];
  const wasi = createWasi({
    stdout: {
      write(chunk) {
        const parts = `${rest}${Buffer.from(chunk).toString()}`.split("\n");
        rest = parts.pop() ?? "";
        lines.push(...parts);
        wake();
      },
    },
    stderr: { write: (chunk) => void (error += Buffer.from(chunk).toString()) },
    ...init,
    args: [name, ...args],
  });
  const exit = wasi.start(new WebAssembly.Instance(module, wasi.imports(module)));
  void exit.then(() => wake());
  return {
    wasi,
    exit,
    async line() {
      while (lines.length === 0 && wasi.ended === undefined)
        await new Promise<void>((resolve) => (wake = resolve));
      const line = lines.shift();
      if (line === undefined) throw new Error(`the guest ended: ${JSON.stringify(wasi.ended)} ${error}`);
      return line;
    },
  };
}
