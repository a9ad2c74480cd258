import { constants } from "node:os";

/** WASI preview 1 `errno`, by its name in the specification; `wasi_unstable` has the same numbers. */
export const ERRNO = {
  SUCCESS: 0,
  "2BIG": 1,
  ACCES: 2,
  ADDRINUSE: 3,
  ADDRNOTAVAIL: 4,
  AFNOSUPPORT: 5,
  AGAIN: 6,
  ALREADY: 7,
  BADF: 8,
  BADMSG: 9,
  BUSY: 10,
  CANCELED: 11,
  CHILD: 12,
  CONNABORTED: 13,
  CONNREFUSED: 14,
  CONNRESET: 15,
  DEADLK: 16,
  DESTADDRREQ: 17,
  DOM: 18,
  DQUOT: 19,
  EXIST: 20,
  FAULT: 21,
  FBIG: 22,
  HOSTUNREACH: 23,
  IDRM: 24,
  ILSEQ: 25,
  INPROGRESS: 26,
  INTR: 27,
  INVAL: 28,
  IO: 29,
  ISCONN: 30,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  MLINK: 34,
  MSGSIZE: 35,
  MULTIHOP: 36,
  NAMETOOLONG: 37,
  NETDOWN: 38,
  NETRESET: 39,
  NETUNREACH: 40,
  NFILE: 41,
  NOBUFS: 42,
  NODEV: 43,
  NOENT: 44,
  NOEXEC: 45,
  NOLCK: 46,
  NOLINK: 47,
  NOMEM: 48,
  NOMSG: 49,
  NOPROTOOPT: 50,
  NOSPC: 51,
  NOSYS: 52,
  NOTCONN: 53,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTRECOVERABLE: 56,
  NOTSOCK: 57,
  NOTSUP: 58,
  NOTTY: 59,
  NXIO: 60,
  OVERFLOW: 61,
  OWNERDEAD: 62,
  PERM: 63,
  PIPE: 64,
  PROTO: 65,
  PROTONOSUPPORT: 66,
  PROTOTYPE: 67,
  RANGE: 68,
  ROFS: 69,
  SPIPE: 70,
  SRCH: 71,
  STALE: 72,
  TIMEDOUT: 73,
  TXTBSY: 74,
  XDEV: 75,
  NOTCAPABLE: 76,
} as const;

/** What an operation throws to answer the guest with an errno. No stack: failing is ordinary. */
export class GuestError {
  readonly errno: number;

  constructor(errno: number) {
    this.errno = errno;
  }
}

const thrown: GuestError[] = [];

/** Ends the running import with `errno`. */
export function fail(errno: number): never {
  // oxlint-disable-next-line typescript/only-throw-error -- an Error would capture a stack at each failing call
  throw (thrown[errno] ??= new GuestError(errno));
}

const BY_HOST_NUMBER: ReadonlyMap<number, number> = new Map(
  Object.entries(constants.errno).map(([name, host]): [number, number] => {
    const wasi: Readonly<Record<string, number>> = ERRNO;
    return [
      host,
      name === "EOPNOTSUPP" || name === "ENOTSUP" ? ERRNO.NOTSUP : (wasi[name.slice(1)] ?? ERRNO.IO),
    ];
  }),
);

/** The WASI errno of a host's errno number. The kernel says EXDEV when a path would leave its root. */
export function errnoOfHost(number: number): number {
  return BY_HOST_NUMBER.get(number) ?? ERRNO.IO;
}

/** The WASI errno of whatever was thrown; `otherwise` for what is no errno of any kind. */
export function errnoOf(error: unknown, otherwise: number = ERRNO.IO): number {
  if (error instanceof GuestError) return error.errno;
  if (!(error instanceof Error)) return otherwise;
  if ("errno" in error && typeof error.errno === "number") return errnoOfHost(Math.abs(error.errno));
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const wasi: Readonly<Record<string, number>> = ERRNO;
  return (code.startsWith("E") ? wasi[code.slice(1)] : undefined) ?? otherwise;
}

/** The errno of what an import function threw. A RangeError is a pointer beyond the guest's memory. */
export function errnoOfFailure(error: unknown): number {
  return error instanceof RangeError ? ERRNO.FAULT : errnoOf(error);
}
