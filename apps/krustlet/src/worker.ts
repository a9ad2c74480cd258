/** What the threads of the runtime `wasi` run: bundled on its own, so that a thread loads nothing else. */
export { startThread } from "@krustlet/runtime-wasi";
