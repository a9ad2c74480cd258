import { WOULD_BLOCK } from "../descriptors/descriptor.ts";
import { ERRNO, fail } from "../errno.ts";
import type { Answer, Face } from "../face.ts";
import type { Guest } from "../guest.ts";
import { descriptorOf } from "../preview1/descriptor-of.ts";
import {
  checkReceiveFlags,
  connectionOf,
  MAX_SOCKET_TRANSFER,
  receive as receiveStream,
  RIFLAGS,
  shutdown,
} from "../preview1/sock.ts";
import { whenReady, write } from "../preview1/transfer.ts";
import { RIGHTS } from "../rights.ts";
import { readAddress, writeAddress, writeStorage } from "./address-memory.ts";
import { bindImplicitly, portOf } from "./connect-face.ts";
import { targetAddressOf } from "./network-policy.ts";
import type { Endpoint } from "./socket-address.ts";
import { networkOf, socketOf } from "./socket-of.ts";
import { TcpDescriptor } from "./tcp-descriptor.ts";
import { UdpDescriptor } from "./udp-descriptor.ts";

const TRUNCATED = 1;

/** Receives one datagram; `tell` writes where it is from. */
function receiveDatagram(
  guest: Guest,
  fd: number,
  socket: UdpDescriptor,
  [buffers, count, flags, size, outFlags]: readonly [number, number, number, number, number],
  tell: (from: Endpoint) => void,
): Answer {
  descriptorOf(guest, fd, RIGHTS.FD_READ);
  checkReceiveFlags(flags);
  const { memory } = guest;
  memory.slice(size, 4);
  memory.slice(outFlags, 2);
  return whenReady(guest, socket, "read", () => {
    const received = socket.receive(
      memory.buffers(buffers, count, MAX_SOCKET_TRANSFER),
      (flags & RIFLAGS.PEEK) !== 0,
    );
    // Nothing comes any more where the guest has said that it wants nothing.
    if (received === undefined && socket.ready("read") === undefined) return WOULD_BLOCK;
    memory.setU32(size, received?.length ?? 0);
    memory.view.setUint16(outFlags >>> 0, received?.truncated === true ? TRUNCATED : 0, true);
    if (received !== undefined) tell(received.from);
    return ERRNO.SUCCESS;
  });
}

function receive(
  guest: Guest,
  fd: number,
  buffers: number,
  count: number,
  flags: number,
  size: number,
  outFlags: number,
): Answer {
  const socket = guest.descriptors.get(fd);
  if (!(socket instanceof UdpDescriptor)) {
    return receiveStream(guest, fd, buffers, count, flags, size, outFlags);
  }
  return receiveDatagram(guest, fd, socket, [buffers, count, flags, size, outFlags], () => {});
}

/** With `port`: the newer form, whose address may tell its family. */
function receiveFrom(
  guest: Guest,
  fd: number,
  [buffers, count, address, flags, size, outFlags]: readonly [number, number, number, number, number, number],
  port: number | undefined,
): Answer {
  const socket = socketOf(guest, fd);
  const { memory } = guest;
  const tell = (from: Endpoint): void => {
    if (port === undefined) return writeAddress(memory, address, socket.family, from.address);
    writeStorage(memory, address, socket.family, from.address, true);
    memory.view.setUint16(port >>> 0, from.port, true);
  };
  // Whatever cannot be written is found before anything is taken.
  tell({ address: socket.family === 1 ? "0.0.0.0" : "::", port: 0 });
  if (socket instanceof UdpDescriptor) {
    return receiveDatagram(guest, fd, socket, [buffers, count, flags, size, outFlags], tell);
  }
  if (socket.peer !== undefined) tell(socket.peer);
  return receiveStream(guest, fd, buffers, count, flags, size, outFlags);
}

function send(guest: Guest, fd: number, buffers: number, count: number, flags: number, size: number): Answer {
  const socket = guest.descriptors.get(fd);
  if (!(socket instanceof UdpDescriptor)) connectionOf(guest, fd, RIGHTS.FD_WRITE);
  if (flags !== 0) fail(ERRNO.INVAL);
  return write(guest, fd, buffers, count, size);
}

function sendTo(
  guest: Guest,
  fd: number,
  buffers: number,
  count: number,
  address: number,
  port: number,
  flags: number,
  size: number,
): Answer {
  const socket = socketOf(guest, fd);
  // A connection has its peer; what else is named does not matter to it, nor to Linux.
  if (socket instanceof TcpDescriptor) return send(guest, fd, buffers, count, flags, size);
  descriptorOf(guest, fd, RIGHTS.FD_WRITE);
  if (flags !== 0) fail(ERRNO.INVAL);
  const { memory } = guest;
  memory.slice(size, 4);
  const wanted = readAddress(memory, address, socket.family);
  const number = portOf(port);
  const to = { address: targetAddressOf(networkOf(guest), wanted, number, "udp"), port: number };
  const data = memory.buffers(buffers, count, MAX_SOCKET_TRANSFER);
  const done = (sent: number): number => {
    memory.setU32(size, sent);
    return ERRNO.SUCCESS;
  };
  if (socket.bound) return guest.waitFor(socket.send(data, to), done);
  return guest.waitFor(
    bindImplicitly(guest, socket).then(() => socket.send(data, to)),
    done,
  );
}

/** How sockets send and receive. */
export const messageFace: Face = {
  quick: {
    sock_shutdown(guest, fd: number, how: number) {
      const socket = guest.descriptors.get(fd);
      const known = socket instanceof UdpDescriptor ? socket : connectionOf(guest, fd, RIGHTS.SOCK_SHUTDOWN);
      return shutdown(known, how);
    },
  },
  waiting: {
    sock_recv: receive,
    sock_recv_v2: receive,
    // WasmEdge's older form has no port.
    sock_recv_from: (
      guest,
      fd: number,
      buffers: number,
      count: number,
      address: number,
      flags: number,
      a: number,
      b: number,
      c: number | undefined,
    ) =>
      c === undefined
        ? receiveFrom(guest, fd, [buffers, count, address, flags, a, b], undefined)
        : receiveFrom(guest, fd, [buffers, count, address, flags, b, c], a),
    sock_recv_from_v2: (
      guest,
      fd: number,
      buffers: number,
      count: number,
      address: number,
      flags: number,
      port: number,
      size: number,
      outFlags: number,
    ) => receiveFrom(guest, fd, [buffers, count, address, flags, size, outFlags], port),
    sock_send: send,
    sock_send_v2: send,
    sock_send_to: sendTo,
    sock_send_to_v2: sendTo,
  },
};
