/** The file that the threads of the runtime `wasmer` start from. */
import "@krustlet/runtime-wasmer/worker";
