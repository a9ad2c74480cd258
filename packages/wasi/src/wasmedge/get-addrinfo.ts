import { isIP } from "node:net";

import { ERRNO, fail } from "../errno.ts";
import type { Answer } from "../face.ts";
import type { Guest } from "../guest.ts";
import type { GuestMemory } from "../guest-memory.ts";
import { hostLookup } from "./host-lookup.ts";
import type { NetworkPolicy } from "./network-policy.ts";
import { portOfService } from "./service-ports.ts";
import { bytesOfAddress, canonicalAddress, FAMILY, isIpv4 } from "./socket-address.ts";
import type { Family } from "./socket-address.ts";

/** What WasmEdge adds to the errno of preview 1. */
const AI_ERRNO = { AGAIN: 78, BADFLAG: 79, FAMILY: 81, MEMORY: 82, NONAME: 84, SERVICE: 85 } as const;
const AI_FLAG = { PASSIVE: 1, CANONNAME: 2, NUMERICHOST: 4, NUMERICSERV: 8, V4MAPPED: 16, ALL: 32 } as const;
const ALL_FLAGS = 0x7f;
const TYPE = { ANY: 0, DATAGRAM: 1, STREAM: 2 } as const;
const PROTOCOL = { IP: 0, TCP: 1, UDP: 2 } as const;
const MAX_NAME = 253;
const MAX_RESULTS = 1024;
const NOT_FOUND: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ENODATA", "EAI_NONAME"]);

interface Hints {
  readonly flags: number;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

interface AddressInfo {
  readonly family: Family;
  readonly address: string;
  readonly type: number;
  readonly protocol: number;
}

function readHints({ view }: GuestMemory, pointer: number): Hints {
  const at = pointer >>> 0;
  // The last field has to be there as well.
  view.getUint32(at + 24, true);
  return {
    flags: view.getUint16(at, true),
    family: view.getUint8(at + 2),
    type: view.getUint8(at + 3),
    protocol: view.getUint8(at + 4),
  };
}

/** A name as the guest gives it: with a NUL at its end or without. */
function nameOf(memory: GuestMemory, pointer: number, length: number): string {
  if (length >>> 0 > MAX_NAME + 1) fail(AI_ERRNO.NONAME);
  const text = memory.text(pointer, length).replace(/\0+$/u, "");
  return text.includes("\0") ? fail(AI_ERRNO.NONAME) : text;
}

function check({ flags, family, type, protocol }: Hints, node: string, service: string): void {
  if (node === "" && service === "") fail(AI_ERRNO.NONAME);
  if ((flags & ~ALL_FLAGS) !== 0) fail(AI_ERRNO.BADFLAG);
  if ((flags & AI_FLAG.CANONNAME) !== 0 && node === "") fail(AI_ERRNO.BADFLAG);
  if (family > FAMILY.INET6) fail(AI_ERRNO.FAMILY);
  if (type > TYPE.STREAM || protocol > PROTOCOL.UDP) fail(ERRNO.NOSYS);
  if ((flags & AI_FLAG.NUMERICSERV) !== 0 && !/^\d*$/u.test(service)) fail(AI_ERRNO.NONAME);
}

/** The addresses that `node` stands for and no resolver is needed for. */
function knownAddresses({ flags, family }: Hints, node: string): readonly string[] | undefined {
  if (isIP(node) !== 0) return [node];
  if (node === "") {
    const passive = (flags & AI_FLAG.PASSIVE) !== 0;
    const [four, six] = passive ? ["0.0.0.0", "::"] : ["127.0.0.1", "::1"];
    return family === FAMILY.INET4 ? [four] : family === FAMILY.INET6 ? [six] : [four, six];
  }
  return (flags & AI_FLAG.NUMERICHOST) === 0 ? undefined : fail(AI_ERRNO.NONAME);
}

/** One entry for each address and each kind of socket that the hints allow. */
function infosOf(hints: Hints, addresses: readonly string[]): AddressInfo[] {
  const kinds = [
    { type: TYPE.STREAM, protocol: PROTOCOL.TCP },
    { type: TYPE.DATAGRAM, protocol: PROTOCOL.UDP },
  ].filter(
    ({ type, protocol }) =>
      (hints.type === TYPE.ANY || hints.type === type) &&
      (hints.protocol === PROTOCOL.IP || hints.protocol === protocol),
  );
  const all = [...new Set(addresses.filter((address) => isIP(address) !== 0).map(canonicalAddress))];
  const mapped =
    hints.family === FAMILY.INET6 &&
    (hints.flags & AI_FLAG.V4MAPPED) !== 0 &&
    ((hints.flags & AI_FLAG.ALL) !== 0 || all.every(isIpv4));
  return all.flatMap((address) => {
    const family = isIpv4(address) && !mapped ? FAMILY.INET4 : FAMILY.INET6;
    if (hints.family !== FAMILY.UNSPECIFIED && hints.family !== family) return [];
    return kinds.map((kind) => ({ ...kind, family, address }));
  });
}

/** Fills one entry of the guest's list, whose buffers are the guest's, and answers where the next is. */
function writeInfo(memory: GuestMemory, at: number, info: AddressInfo, port: number, name: string): number {
  const { view } = memory;
  const wide = info.family === FAMILY.INET6;
  const data = new Uint8Array(wide ? 26 : 14);
  new DataView(data.buffer).setUint16(0, port);
  data.set(bytesOfAddress(info.family, info.address), wide ? 6 : 2);
  const socketAddress = view.getUint32(at + 12, true);
  memory.slice(view.getUint32(socketAddress + 8, true), data.length).set(data);
  // With the padding, which some programs read as a part of the number.
  view.setUint32(socketAddress, info.family, true);
  view.setUint32(socketAddress + 4, data.length, true);
  view.setUint8(at + 2, info.family);
  view.setUint8(at + 3, info.type);
  view.setUint32(at + 4, info.protocol, true);
  view.setUint32(at + 8, data.length + 2, true);
  const canonical = Buffer.from(`${name}\0`);
  const room = view.getUint32(at + 20, true);
  const fits = name !== "" && canonical.length <= room;
  if (fits) memory.slice(view.getUint32(at + 16, true), canonical.length).set(canonical);
  view.setUint32(at + 20, fits ? canonical.length - 1 : 0, true);
  return view.getUint32(at + 24, true);
}

async function resolve(policy: NetworkPolicy, node: string): Promise<readonly string[] | number> {
  try {
    return await (policy.lookup ?? hostLookup)(node);
  } catch (error) {
    return error instanceof Error && "code" in error && NOT_FOUND.has(error.code)
      ? AI_ERRNO.NONAME
      : AI_ERRNO.AGAIN;
  }
}

/** `sock_getaddrinfo`: the list and its buffers are the guest's own; as many entries are filled as there are results. */
export function getAddrinfo(
  guest: Guest,
  policy: NetworkPolicy,
  [node, nodeLength, service, serviceLength]: readonly [number, number, number, number],
  hintsAt: number,
  listAt: number,
  max: number,
  countAt: number,
): Answer {
  const { memory } = guest;
  const name = nameOf(memory, node, nodeLength);
  const wanted = nameOf(memory, service, serviceLength);
  const hints = readHints(memory, hintsAt);
  memory.slice(listAt, 4);
  memory.slice(countAt, 4);
  if (max >>> 0 < 1) fail(AI_ERRNO.MEMORY);
  check(hints, name, wanted);
  const port = portOfService(wanted) ?? fail(AI_ERRNO.SERVICE);
  const write = (found: readonly string[] | number): Answer => {
    if (typeof found === "number") return found;
    const infos = infosOf(hints, found).slice(0, Math.min(max >>> 0, MAX_RESULTS));
    if (infos.length === 0) return AI_ERRNO.NONAME;
    let at = memory.view.getUint32(listAt >>> 0, true);
    const canonical = (hints.flags & AI_FLAG.CANONNAME) === 0 ? "" : name;
    for (const info of infos) at = writeInfo(memory, at, info, port, canonical);
    memory.setU32(countAt, infos.length);
    return ERRNO.SUCCESS;
  };
  const known = knownAddresses(hints, name);
  if (known !== undefined) return write(known);
  return guest.waitFor(resolve(policy, name), write);
}
