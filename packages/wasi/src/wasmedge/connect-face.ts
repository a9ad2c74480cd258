import { FDFLAGS, WOULD_BLOCK } from "../descriptors/descriptor.ts";
import { ERRNO, fail } from "../errno.ts";
import type { Answer, Face } from "../face.ts";
import type { Guest } from "../guest.ts";
import { descriptorOf } from "../preview1/descriptor-of.ts";
import { whenReady } from "../preview1/transfer.ts";
import { RIGHTS } from "../rights.ts";
import { readAddress } from "./address-memory.ts";
import { givenListenerFor } from "./given-listener.ts";
import { bindAddressOf, onlyPeerOf, sourceAddressOf, targetAddressOf } from "./network-policy.ts";
import { anyAddress, FAMILY } from "./socket-address.ts";
import type { Endpoint } from "./socket-address.ts";
import { acceptorOf, budgetOf, networkOf, socketOf } from "./socket-of.ts";
import { TcpDescriptor } from "./tcp-descriptor.ts";
import { UdpDescriptor } from "./udp-descriptor.ts";

const TYPE = { DATAGRAM: 1, STREAM: 2 } as const;
const success = (): number => ERRNO.SUCCESS;

/** A port that the guest names. */
export function portOf(port: number): number {
  const number = port >>> 0;
  return number > 65_535 ? fail(ERRNO.INVAL) : number;
}

function open(guest: Guest, family: number, type: number, result: number): number {
  networkOf(guest);
  if (family !== FAMILY.INET4 && family !== FAMILY.INET6) return fail(ERRNO.AFNOSUPPORT);
  if (type !== TYPE.DATAGRAM && type !== TYPE.STREAM) fail(ERRNO.INVAL);
  guest.memory.slice(result, 4);
  guest.descriptors.reserve();
  const socket = type === TYPE.STREAM ? new TcpDescriptor(family) : new UdpDescriptor(family);
  guest.memory.setU32(result, guest.descriptors.add(socket));
  return ERRNO.SUCCESS;
}

async function bindTo(guest: Guest, socket: TcpDescriptor | UdpDescriptor, wanted: Endpoint): Promise<void> {
  const policy = networkOf(guest);
  const bound = { address: bindAddressOf(policy, wanted.address), port: wanted.port };
  const onlyPeer = onlyPeerOf(policy, wanted.address);
  if (socket instanceof UdpDescriptor) return socket.bind(bound, onlyPeer);
  const given = givenListenerFor(guest, bound);
  return given === undefined ? socket.bind(bound, budgetOf(guest), onlyPeer) : socket.adopt(given);
}

function bind(guest: Guest, fd: number, address: number, port: number): Answer {
  const socket = socketOf(guest, fd);
  const wanted = { address: readAddress(guest.memory, address, socket.family), port: portOf(port) };
  return guest.waitFor(bindTo(guest, socket, wanted), success);
}

/** Binds a UDP socket that has to be bound by now. */
export async function bindImplicitly(guest: Guest, socket: UdpDescriptor): Promise<void> {
  if (socket.bound) return;
  await socket.bind({ address: sourceAddressOf(networkOf(guest), anyAddress(socket.family)), port: 0 });
}

function listen(guest: Guest, fd: number, backlog: number): Answer {
  const socket = socketOf(guest, fd);
  if (socket instanceof UdpDescriptor) return fail(ERRNO.NOTSUP);
  if (socket.bound) {
    socket.listen(backlog);
    return ERRNO.SUCCESS;
  }
  return guest.waitFor(bindTo(guest, socket, { address: anyAddress(socket.family), port: 0 }), () => {
    socket.listen(backlog);
    return ERRNO.SUCCESS;
  });
}

function connect(guest: Guest, fd: number, addressAt: number, portGiven: number): Answer {
  const socket = socketOf(guest, fd);
  const policy = networkOf(guest);
  const wanted = readAddress(guest.memory, addressAt, socket.family);
  const port = portOf(portGiven);
  if (socket instanceof UdpDescriptor) {
    const address = targetAddressOf(policy, wanted, port, "udp");
    const connected = bindImplicitly(guest, socket).then(() => socket.connect({ address, port }));
    return guest.waitFor(connected, success);
  }
  const address = targetAddressOf(policy, wanted, port, "tcp");
  socket.connect({ address, port }, policy.address);
  if ((socket.flags & FDFLAGS.NONBLOCK) !== 0) return guest.yield(() => ERRNO.INPROGRESS);
  return whenReady(guest, socket, "write", () => (socket.connecting ? WOULD_BLOCK : socket.takeError()));
}

function accept(guest: Guest, fd: number, flags: number, result: number): Answer {
  const acceptor = acceptorOf(guest, fd);
  descriptorOf(guest, fd, RIGHTS.SOCK_ACCEPT);
  if ((flags & ~FDFLAGS.NONBLOCK) !== 0) fail(ERRNO.INVAL);
  guest.memory.slice(result, 4);
  guest.descriptors.reserve();
  return whenReady(guest, acceptor, "read", () => {
    const socket = acceptor.accept();
    if (socket === undefined) return WOULD_BLOCK;
    const family = acceptor instanceof TcpDescriptor ? acceptor.family : undefined;
    const own = socket.localFamily === "IPv6" ? FAMILY.INET6 : FAMILY.INET4;
    const connection = new TcpDescriptor(family ?? own, socket);
    connection.flags = flags;
    guest.memory.setU32(result, guest.descriptors.add(connection));
    return ERRNO.SUCCESS;
  });
}

/** WasmEdge's `sock_accept` has no flags; preview 1's, and `sock_accept_v2`, has. */
function acceptEither(guest: Guest, fd: number, flags: number, result: number | undefined): Answer {
  return result === undefined ? accept(guest, fd, 0, flags) : accept(guest, fd, flags, result);
}

/** How sockets come to be, bind, connect, listen and accept. */
export const connectFace: Face = {
  quick: { sock_open: open, sock_open_v2: open },
  waiting: {
    sock_bind: bind,
    sock_bind_v2: bind,
    sock_listen: listen,
    sock_listen_v2: listen,
    sock_connect: connect,
    sock_connect_v2: connect,
    sock_accept: acceptEither,
    sock_accept_v2: accept,
  },
};
