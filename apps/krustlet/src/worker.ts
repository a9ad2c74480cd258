/** The file that the runtime's threads start from: bundled on its own, so that a thread loads nothing else. */
import "@krustlet/runtime-wasi/worker";
