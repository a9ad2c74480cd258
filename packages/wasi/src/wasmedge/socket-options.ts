import { ERRNO, fail } from "../errno.ts";
import type { Direction } from "../descriptors/descriptor.ts";

/** `sock_opt_so` of the WasmEdge extension. */
export const OPTION = {
  REUSEADDR: 0,
  TYPE: 1,
  ERROR: 2,
  DONTROUTE: 3,
  BROADCAST: 4,
  SNDBUF: 5,
  RCVBUF: 6,
  KEEPALIVE: 7,
  OOBINLINE: 8,
  LINGER: 9,
  RCVLOWAT: 10,
  RCVTIMEO: 11,
  SNDTIMEO: 12,
  ACCEPTCONN: 13,
  BINDTODEVICE: 14,
} as const;

const BUFFER = 65_536;
const MAX_BUFFER = 1_048_576;
const SWITCHES: ReadonlySet<number> = new Set([OPTION.REUSEADDR, OPTION.BROADCAST, OPTION.KEEPALIVE]);
const SIZES: ReadonlySet<number> = new Set([OPTION.SNDBUF, OPTION.RCVBUF]);
const DIRECTION: ReadonlyMap<number, Direction> = new Map([
  [OPTION.RCVTIMEO, "read"],
  [OPTION.SNDTIMEO, "write"],
]);

function viewOf(bytes: Uint8Array, size: number): DataView {
  return bytes.length < size ? fail(ERRNO.INVAL) : new DataView(bytes.buffer, bytes.byteOffset, size);
}

function integers(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setInt32(index * 4, value, true);
  return bytes;
}

/** What a guest has set on a socket, in the layouts of wasi-libc. */
export class SocketOptions {
  /** Seconds that closing may last; 0: the connection is reset; undefined: as usual. */
  linger: number | undefined;
  readonly #numbers = new Map<number, number>();
  readonly #limits = new Map<Direction, number>();

  /** Whether a switch is on. */
  has(option: number): boolean {
    return this.#numbers.get(option) === 1;
  }

  /** Milliseconds that a call may wait. */
  limit(direction: Direction): number | undefined {
    return this.#limits.get(direction);
  }

  /** The value of what was set, or could be; `NOPROTOOPT` for what cannot. */
  get(option: number): Uint8Array {
    const direction = DIRECTION.get(option);
    if (direction !== undefined) {
      const bytes = new Uint8Array(16);
      const [view, limit] = [new DataView(bytes.buffer), this.#limits.get(direction) ?? 0];
      view.setBigInt64(0, BigInt(Math.floor(limit / 1000)), true);
      view.setBigInt64(8, BigInt(Math.round((limit % 1000) * 1000)), true);
      return bytes;
    }
    if (SWITCHES.has(option)) return integers(this.#numbers.get(option) ?? 0);
    if (SIZES.has(option)) return integers(this.#numbers.get(option) ?? BUFFER);
    if (option === OPTION.LINGER) return integers(this.linger === undefined ? 0 : 1, this.linger ?? 0);
    if (option === OPTION.RCVLOWAT) return integers(1);
    // Bound to no device.
    return option === OPTION.BINDTODEVICE ? new Uint8Array() : fail(ERRNO.NOPROTOOPT);
  }

  set(option: number, bytes: Uint8Array): void {
    const direction = DIRECTION.get(option);
    if (direction !== undefined) this.#setLimit(direction, viewOf(bytes, 16));
    else if (SWITCHES.has(option)) {
      this.#numbers.set(option, viewOf(bytes, 4).getInt32(0, true) === 0 ? 0 : 1);
    } else if (SIZES.has(option)) {
      const size = viewOf(bytes, 4).getInt32(0, true);
      this.#numbers.set(option, Math.max(2048, Math.min(size, MAX_BUFFER)));
    } else if (option === OPTION.LINGER) {
      const view = viewOf(bytes, 8);
      this.linger = view.getInt32(0, true) === 0 ? undefined : view.getInt32(4, true);
    } else if (option === OPTION.BINDTODEVICE) {
      if (bytes.some((byte) => byte !== 0)) fail(ERRNO.PERM);
    } else {
      fail(ERRNO.NOPROTOOPT);
    }
  }

  #setLimit(direction: Direction, view: DataView): void {
    const [seconds, micros] = [view.getBigInt64(0, true), view.getBigInt64(8, true)];
    if (micros < 0n || micros >= 1_000_000n) fail(ERRNO.DOM);
    const limit = seconds < 0n ? 0 : Math.min(Number(seconds) * 1000 + Number(micros) / 1000, 2 ** 31 - 1);
    // Nothing, to say: as long as it takes.
    if (limit === 0) this.#limits.delete(direction);
    else this.#limits.set(direction, limit);
  }
}
