// Files for AssemblyScript on WASI preview 1: the shim has the console and the process, but no files.
import {
  clockid,
  errno,
  errnoToString,
  eventtype,
  fd_close,
  fd_prestat_dir_name,
  fd_prestat_get,
  fd_read,
  fd_write,
  fdflags,
  lookupflags,
  oflags,
  path_open,
  path_unlink_file,
  poll_oneoff,
  preopentype,
  prestat,
  rights,
} from "@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1";

const NONE: u32 = u32.MAX_VALUE;

let failure: string = "";

/** Why the last call of this file failed, in the words of WASI. */
export function lastFailure(): string {
  return failure;
}

/** The path of `preopened`, beneath which the last `at` found its path. */
let beneath: string = "";

/** Looks for the preopened directory that `path` is in; the host gives them out from descriptor 3 on. */
function preopenOf(path: string): u32 {
  let found: u32 = NONE;
  let longest = -1;
  // The tag in the first four bytes, the length of the name in the next.
  const about = new StaticArray<u32>(2);
  for (let fd: u32 = 3; fd_prestat_get(fd, changetype<prestat>(about)) == errno.SUCCESS; fd++) {
    // A listening socket has a tag of its own and no name.
    if (<u8>about[0] != preopentype.DIR) continue;
    const bytes = new ArrayBuffer(<i32>about[1]);
    if (fd_prestat_dir_name(fd, changetype<usize>(bytes), bytes.byteLength) != errno.SUCCESS) continue;
    const name = String.UTF8.decode(bytes);
    const prefix = name.endsWith("/") ? name : name + "/";
    if (path.startsWith(prefix) && prefix.length > longest) {
      longest = prefix.length;
      beneath = path.substring(prefix.length);
      found = fd;
    }
  }
  if (found == NONE) failure = "no directory that this program was given holds it";
  return found;
}

function open(path: string, how: oflags, flags: fdflags, wanted: rights): u32 {
  const directory = preopenOf(path);
  if (directory == NONE) return NONE;
  const name = String.UTF8.encode(beneath);
  const result = new StaticArray<u32>(1);
  const error = path_open(
    directory,
    lookupflags.SYMLINK_FOLLOW,
    changetype<usize>(name),
    name.byteLength,
    how,
    wanted,
    0,
    flags,
    changetype<usize>(result),
  );
  if (error == errno.SUCCESS) return result[0];
  failure = errnoToString(error);
  return NONE;
}

/** Reads a descriptor to its end. */
function readAll(fd: u32): string | null {
  const chunk = new ArrayBuffer(65536);
  const vector = new StaticArray<usize>(2);
  const count = new StaticArray<usize>(1);
  const bytes = new Array<u8>();
  while (true) {
    vector[0] = changetype<usize>(chunk);
    vector[1] = chunk.byteLength;
    const error = fd_read(fd, changetype<usize>(vector), 1, changetype<usize>(count));
    if (error != errno.SUCCESS) {
      failure = errnoToString(error);
      return null;
    }
    if (count[0] == 0) return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
    for (let i: usize = 0; i < count[0]; i++) bytes.push(load<u8>(changetype<usize>(chunk) + i));
  }
}

/** The text of a file; null, and `lastFailure()`, where it cannot be read. */
export function readText(path: string): string | null {
  const fd = open(path, 0, 0, rights.FD_READ | rights.FD_SEEK);
  if (fd == NONE) return null;
  const text = readAll(fd);
  fd_close(fd);
  return text;
}

/** Everything on the standard input. */
export function readInput(): string {
  const text = readAll(0);
  return text === null ? "" : text;
}

/** Writes `text` as the whole file, or at its end. False, and `lastFailure()`, where that fails. */
export function writeText(path: string, text: string, append: bool = false): bool {
  const how = append ? oflags.CREAT : oflags.CREAT | oflags.TRUNC;
  const fd = open(path, how, append ? fdflags.APPEND : 0, rights.FD_WRITE | rights.FD_SEEK);
  if (fd == NONE) return false;
  const bytes = String.UTF8.encode(text);
  const vector = new StaticArray<usize>(2);
  const count = new StaticArray<usize>(1);
  let done: usize = 0;
  while (done < <usize>bytes.byteLength) {
    vector[0] = changetype<usize>(bytes) + done;
    vector[1] = <usize>bytes.byteLength - done;
    const error = fd_write(fd, changetype<usize>(vector), 1, changetype<usize>(count));
    if (error != errno.SUCCESS) {
      failure = errnoToString(error);
      fd_close(fd);
      return false;
    }
    done += count[0];
  }
  fd_close(fd);
  return true;
}

/** Whether something is at `path`. */
export function exists(path: string): bool {
  const fd = open(path, 0, 0, 0);
  if (fd == NONE) return false;
  fd_close(fd);
  return true;
}

/** Deletes a file. False, and `lastFailure()`, where that fails. */
export function remove(path: string): bool {
  const directory = preopenOf(path);
  if (directory == NONE) return false;
  const name = String.UTF8.encode(beneath);
  const error = path_unlink_file(directory, changetype<usize>(name), name.byteLength);
  if (error == errno.SUCCESS) return true;
  failure = errnoToString(error);
  return false;
}

/** Waits; other containers of the same thread go on meanwhile. */
export function sleep(milliseconds: u64): void {
  const subscription = new ArrayBuffer(48);
  const event = new ArrayBuffer(32);
  const count = new StaticArray<usize>(1);
  const at = changetype<usize>(subscription);
  store<u8>(at, eventtype.CLOCK, 8);
  store<u32>(at, clockid.MONOTONIC, 16);
  store<u64>(at, milliseconds * 1000000, 24);
  poll_oneoff(at, changetype<usize>(event), 1, changetype<usize>(count));
}
