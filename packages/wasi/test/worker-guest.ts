import { parentPort, workerData } from "node:worker_threads";

import { runModule } from "../src/index.ts";

const { module, root } = workerData as { module: WebAssembly.Module; root: string };
const out: Uint8Array[] = [];
const exit = await runModule(module, {
  args: ["files", "read", "/file", "write", "/made", "x", "list", "/"],
  stdout: { write: (chunk) => void out.push(chunk) },
  preopens: [{ guestPath: "/", node: { kind: "host-directory", path: root, readOnly: false } }],
  kernel: "native",
});
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage({ exit, stdout: Buffer.concat(out).toString() });
