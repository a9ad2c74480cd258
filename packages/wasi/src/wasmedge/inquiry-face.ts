import { ListenerDescriptor } from "../descriptors/socket-descriptors.ts";
import { ERRNO, fail } from "../errno.ts";
import type { Face } from "../face.ts";
import type { Guest } from "../guest.ts";
import { writeAddress, writeStorage } from "./address-memory.ts";
import { getAddrinfo } from "./get-addrinfo.ts";
import { canonicalAddress, FAMILY, isIpv4 } from "./socket-address.ts";
import type { Endpoint, Family } from "./socket-address.ts";
import { OPTION } from "./socket-options.ts";
import { networkOf, socketOf } from "./socket-of.ts";
import { TcpDescriptor } from "./tcp-descriptor.ts";
import { UdpDescriptor } from "./udp-descriptor.ts";

const TYPE = { DATAGRAM: 1, STREAM: 2 } as const;
const SOL_SOCKET = 0;
const MAX_OPTION = 1024;

interface Known extends Endpoint {
  readonly family: Family;
}

function localOf(guest: Guest, fd: number): Known {
  const descriptor = guest.descriptors.get(fd);
  if (!(descriptor instanceof ListenerDescriptor)) {
    const socket = socketOf(guest, fd);
    return { family: socket.family, ...socket.local };
  }
  const { address, port } = descriptor.local ?? fail(ERRNO.NOTSUP);
  const known = canonicalAddress(address);
  return { family: isIpv4(known) ? FAMILY.INET4 : FAMILY.INET6, address: known, port };
}

function peerOf(guest: Guest, fd: number): Known {
  const socket = socketOf(guest, fd);
  return { family: socket.family, ...(socket.peer ?? fail(ERRNO.NOTCONN)) };
}

/** With `port`: WasmEdge's older form, which tells the family as 4 or 6. */
function tell(guest: Guest, known: Known, address: number, a: number, port: number | undefined): number {
  const { memory } = guest;
  memory.slice(a, 4);
  if (port === undefined) {
    writeStorage(memory, address, known.family, known.address, false);
    memory.setU32(a, known.port);
    return ERRNO.SUCCESS;
  }
  memory.slice(port, 4);
  writeAddress(memory, address, known.family, known.address);
  memory.setU32(a, known.family === FAMILY.INET4 ? 4 : 6);
  memory.setU32(port, known.port);
  return ERRNO.SUCCESS;
}

function integer(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

function optionOf(socket: TcpDescriptor | UdpDescriptor, name: number): Uint8Array {
  switch (name) {
    case OPTION.TYPE:
      return integer(socket instanceof UdpDescriptor ? TYPE.DATAGRAM : TYPE.STREAM);
    case OPTION.ERROR:
      return integer(socket.takeError());
    case OPTION.ACCEPTCONN:
      return integer(socket.listening ? 1 : 0);
    default:
      return socket.options.get(name);
  }
}

function getOption(
  guest: Guest,
  fd: number,
  level: number,
  name: number,
  value: number,
  size: number,
): number {
  const socket = socketOf(guest, fd);
  if (level !== SOL_SOCKET) fail(ERRNO.NOPROTOOPT);
  const room = guest.memory.slice(value, guest.memory.view.getUint32(size >>> 0, true));
  const bytes = optionOf(socket, name).subarray(0, room.length);
  room.set(bytes);
  guest.memory.setU32(size, bytes.length);
  return ERRNO.SUCCESS;
}

function setOption(
  guest: Guest,
  fd: number,
  level: number,
  name: number,
  value: number,
  size: number,
): number {
  const socket = socketOf(guest, fd);
  if (level !== SOL_SOCKET) fail(ERRNO.NOPROTOOPT);
  if (size >>> 0 > MAX_OPTION) fail(ERRNO.INVAL);
  socket.options.set(name, guest.memory.slice(value, size));
  if (name === OPTION.KEEPALIVE && socket instanceof TcpDescriptor) {
    socket.setKeepAlive(socket.options.has(OPTION.KEEPALIVE));
  }
  if (name === OPTION.BROADCAST && socket instanceof UdpDescriptor) {
    socket.setBroadcast(socket.options.has(OPTION.BROADCAST));
  }
  return ERRNO.SUCCESS;
}

/** What sockets and names can be asked for. */
export const inquiryFace: Face = {
  quick: {
    sock_getsockopt: getOption,
    sock_setsockopt: setOption,
    sock_getlocaladdr: (guest, fd: number, address: number, a: number, port: number | undefined) =>
      tell(guest, localOf(guest, fd), address, a, port),
    sock_getlocaladdr_v2: (guest, fd: number, address: number, port: number) =>
      tell(guest, localOf(guest, fd), address, port, undefined),
    sock_getpeeraddr: (guest, fd: number, address: number, a: number, port: number | undefined) =>
      tell(guest, peerOf(guest, fd), address, a, port),
    sock_getpeeraddr_v2: (guest, fd: number, address: number, port: number) =>
      tell(guest, peerOf(guest, fd), address, port, undefined),
  },
  waiting: {
    sock_getaddrinfo: (
      guest,
      node: number,
      nodeLength: number,
      service: number,
      serviceLength: number,
      hints: number,
      list: number,
      max: number,
      count: number,
    ) =>
      getAddrinfo(
        guest,
        networkOf(guest),
        [node, nodeLength, service, serviceLength],
        hints,
        list,
        max,
        count,
      ),
  },
};
