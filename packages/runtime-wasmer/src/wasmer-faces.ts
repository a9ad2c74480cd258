import { createRequire } from "node:module";
import { randomFillSync } from "node:crypto";
import * as path from "node:path/posix";
import { FACES, type Answer, type Face, type Guest, type ImportFunction } from "@krustlet/wasi";
import type { ContainerPlan } from "@krustlet/interface";
import type { GuestFiles } from "./fs/guest-files.ts";

/** What is used of `@wasmer/wasi` 0.12. */
interface WasmerWasi {
  readonly wasiImport: Readonly<Record<string, (...values: unknown[]) => number>>;
  setMemory(memory: WebAssembly.Memory): void;
}

// Its build is CommonJS, with a class under `WASI`.
const { WASI } = createRequire(import.meta.url)("@wasmer/wasi") as {
  readonly WASI: new (config: unknown) => WasmerWasi;
};

/** What the host's own preview 1 serves, because it ends the guest, waits, or crashes in `@wasmer/wasi`. */
const HOST_SERVED: ReadonlySet<string> = new Set([
  "clock_res_get",
  "poll_oneoff",
  "proc_exit",
  "proc_raise",
  "random_get",
  "sched_yield",
  "sock_accept",
  "sock_recv",
  "sock_send",
  "sock_shutdown",
]);
/** As Linux: `@wasmer/wasi` would make an array of whatever length the guest says. */
const MAX_BUFFERS = 1024;
/** As Linux: `@wasmer/wasi` would look at each character of a path of gigabytes. */
const MAX_PATH = 4096;
/** Which arguments are the lengths of paths. */
const PATH_LENGTHS: Readonly<Record<string, readonly number[]>> = {
  path_create_directory: [2],
  path_filestat_get: [3],
  path_filestat_set_times: [3],
  path_link: [3, 6],
  path_open: [3],
  path_readlink: [2],
  path_remove_directory: [2],
  path_rename: [2, 5],
  path_symlink: [1, 4],
  path_unlink_file: [2],
};
const EINVAL = 28;
const ENAMETOOLONG = 37;
const ENOTSUP = 58;
const LAST_STREAM = 2;

type Call = (guest: Guest, ...values: unknown[]) => Answer;

/**
 * `@wasmer/wasi`'s functions for one guest, as faces: everything on files and their descriptors, arguments,
 * environment and time is its own; descriptors 0 to 2 and what {@link HOST_SERVED} lists stay the host's.
 */
export function wasmerFaces(plan: ContainerPlan, files: GuestFiles): Readonly<Record<string, Face>> {
  const wasi = new WASI({
    args: plan.args,
    env: plan.env,
    preopens: { "/": "/" },
    bindings: {
      fs: files,
      path,
      hrtime: () => process.hrtime.bigint(),
      isTTY: () => false,
      randomFillSync,
      exit: () => undefined,
      kill: () => undefined,
    },
  });
  return Object.fromEntries(
    Object.entries(FACES).map(([module, own]) => [
      module,
      { quick: facesOf(own.quick, wasi), waiting: facesOf(own.waiting, wasi) },
    ]),
  );
}

function facesOf(
  functions: Readonly<Record<string, ImportFunction>>,
  wasi: WasmerWasi,
): Record<string, ImportFunction> {
  const faces: Record<string, ImportFunction> = {};
  for (const [name, host] of Object.entries(functions)) {
    const theirs = wasi.wasiImport[name];
    if (HOST_SERVED.has(name) || theirs === undefined) continue;
    faces[name] = anyArity(
      callOf(name, host as Call, (guest, values) => {
        wasi.setMemory(guest.memory.attached);
        return theirs(...values);
      }),
    );
  }
  return faces;
}

function callOf(name: string, host: Call, theirs: (guest: Guest, values: unknown[]) => number): Call {
  const lengths = PATH_LENGTHS[name];
  if (lengths !== undefined) {
    return (guest, ...values) =>
      lengths.some((at) => Number(values[at]) >>> 0 > MAX_PATH) ? ENAMETOOLONG : theirs(guest, values);
  }
  if (!name.startsWith("fd_")) return (guest, ...values) => theirs(guest, values);
  const vectors = ["fd_read", "fd_write", "fd_pread", "fd_pwrite"].includes(name);
  return (guest, ...values) => {
    const [fd, second, third] = values.map((value) => Number(value) >>> 0);
    if ((fd ?? 0) <= LAST_STREAM) return host(guest, ...values);
    if (name === "fd_renumber" && (second ?? 0) <= LAST_STREAM) return ENOTSUP;
    if (vectors && (third ?? 0) > MAX_BUFFERS) return EINVAL;
    return theirs(guest, values);
  };
}

/** The host binds imports by their arity; these take whatever comes. */
function anyArity(call: Call): ImportFunction {
  Object.defineProperty(call, "length", { value: 16 });
  return call;
}
