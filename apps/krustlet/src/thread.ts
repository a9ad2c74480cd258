/** The file that the threads of the runtime `wasi` start from: evaluates the worker's bundle with compiled code. */
import { join } from "node:path";

import type { startThread } from "@krustlet/runtime-wasi";

import { openCodeCache } from "./code-cache.ts";
import { loadBundle } from "./load-bundle.ts";

const bundle = loadBundle(
  join(__dirname, "worker.cjs"),
  openCodeCache(process.env, process.getuid?.()),
  "guests",
);
const worker = bundle.exports as { readonly startThread: typeof startThread };
void worker.startThread({ onGuestEnd: () => bundle.keepCode() });
