/** What `bin/krustlet.cjs` loads: a few lines, so that a guest's thread begins to start before anything else is read. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { startEarlyThread } from "@krustlet/runtime-wasi/early-thread";

import { openCodeCache } from "./code-cache.ts";
import { loadBundle } from "./load-bundle.ts";
import type { MainInit } from "./main.ts";
import { needsGuestThread, purposeOf } from "./start-plan.ts";

const args = process.argv.slice(2);
const firstThread = needsGuestThread(args)
  ? startEarlyThread(pathToFileURL(join(__dirname, "thread.cjs")))
  : undefined;
const bundle = loadBundle(
  join(__dirname, "main.cjs"),
  openCodeCache(process.env, process.getuid?.()),
  purposeOf(args),
);
const { main } = bundle.exports as { readonly main: (init: MainInit) => Promise<never> };
void main({ args, firstThread, onDone: () => bundle.keepCode() });
