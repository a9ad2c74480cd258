import type { ByteSink } from "../src/cli-host.ts";

/** A sink that keeps what is written to it. */
export function memorySink(isTTY = false): ByteSink & { text(): string } {
  let written = "";
  return {
    isTTY,
    columns: () => 80,
    rows: () => 5,
    failed: new Promise<Error>(() => undefined),
    write: (bytes) => {
      written += typeof bytes === "string" ? bytes : Buffer.from(bytes).toString();
      return Promise.resolve();
    },
    text: () => written,
  };
}
