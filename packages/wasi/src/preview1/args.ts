import { ERRNO } from "../errno.ts";
import type { Face } from "../face.ts";
import type { Guest } from "../guest.ts";

function sizes(guest: Guest, count: number, size: number, strings: readonly string[]): number {
  guest.memory.setU32(count, strings.length);
  guest.memory.setU32(
    size,
    strings.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0),
  );
  return ERRNO.SUCCESS;
}

function get(guest: Guest, pointers: number, buffer: number, strings: readonly string[]): number {
  guest.memory.setStrings(pointers, buffer, strings);
  return ERRNO.SUCCESS;
}

function environ({ init }: Guest): readonly string[] {
  const listen = init.listen ?? [];
  const told =
    listen.length === 0
      ? {}
      : { LISTEN_FDS: `${listen.length}`, LISTEN_FDNAMES: listen.map(({ name }) => name).join(":") };
  return Object.entries({ ...told, ...init.env }).map(([name, value]) => `${name}=${value}`);
}

/** `args_*` and `environ_*`. */
export const argsFace: Face = {
  quick: {
    args_sizes_get: (guest, count: number, size: number) => sizes(guest, count, size, guest.init.args ?? []),
    args_get: (guest, pointers: number, buffer: number) =>
      get(guest, pointers, buffer, guest.init.args ?? []),
    environ_sizes_get: (guest, count: number, size: number) => sizes(guest, count, size, environ(guest)),
    environ_get: (guest, pointers: number, buffer: number) => get(guest, pointers, buffer, environ(guest)),
  },
  waiting: {},
};
