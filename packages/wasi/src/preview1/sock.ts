import { FDFLAGS, WOULD_BLOCK } from "../descriptors/descriptor.ts";
import { ListenerDescriptor, SocketDescriptor } from "../descriptors/socket-descriptors.ts";
import { ERRNO, fail } from "../errno.ts";
import type { Answer, Face } from "../face.ts";
import type { Guest } from "../guest.ts";
import { RIGHTS } from "../rights.ts";
import { descriptorOf } from "./descriptor-of.ts";
import { whenReady, write } from "./transfer.ts";

/** `riflags` of receiving. */
export const RIFLAGS = { PEEK: 1, WAITALL: 2 } as const;
/** Bytes that one call receives, or sends as a datagram, at most. */
export const MAX_SOCKET_TRANSFER = 1_048_576;

/** The connection of `fd`, if it has all of `rights`. */
export function connectionOf(guest: Guest, fd: number, rights: number): SocketDescriptor {
  const descriptor = guest.descriptors.get(fd);
  if (descriptor instanceof ListenerDescriptor) return fail(ERRNO.NOTCONN);
  if (!(descriptor instanceof SocketDescriptor)) return fail(ERRNO.NOTSOCK);
  descriptorOf(guest, fd, rights);
  return descriptor;
}

function accept(guest: Guest, fd: number, flags: number, result: number): Answer {
  const listener = guest.descriptors.get(fd);
  if (!(listener instanceof ListenerDescriptor)) {
    return fail(listener instanceof SocketDescriptor ? ERRNO.INVAL : ERRNO.NOTSOCK);
  }
  descriptorOf(guest, fd, RIGHTS.SOCK_ACCEPT);
  if ((flags & ~FDFLAGS.NONBLOCK) !== 0) fail(ERRNO.INVAL);
  guest.memory.slice(result, 4);
  guest.descriptors.reserve();
  return whenReady(guest, listener, "read", () => {
    const socket = listener.accept();
    if (socket === undefined) return WOULD_BLOCK;
    const connection = new SocketDescriptor(socket);
    connection.flags = flags;
    guest.memory.setU32(result, guest.descriptors.add(connection));
    return ERRNO.SUCCESS;
  });
}

/** Fails for a flag that preview 1 does not have. */
export function checkReceiveFlags(flags: number): void {
  if ((flags & ~(RIFLAGS.PEEK | RIFLAGS.WAITALL)) !== 0) fail(ERRNO.INVAL);
}

/** `sock_shutdown`, once the socket is known: `how` is 1 for reading, 2 for writing, 3 for both. */
export function shutdown(socket: { shutdown(read: boolean, write: boolean): void }, how: number): number {
  if (how < 1 || how > 3) fail(ERRNO.INVAL);
  socket.shutdown((how & 1) !== 0, (how & 2) !== 0);
  return ERRNO.SUCCESS;
}

/** `sock_recv`. */
export function receive(
  guest: Guest,
  fd: number,
  buffers: number,
  count: number,
  flags: number,
  size: number,
  outFlags: number,
): Answer {
  const socket = connectionOf(guest, fd, RIGHTS.FD_READ);
  checkReceiveFlags(flags);
  let received = 0;
  return whenReady(guest, socket, "read", () => {
    const views = guest.memory.buffers(buffers, count, MAX_SOCKET_TRANSFER);
    const wanted = views.reduce((sum, view) => sum + view.length, 0);
    const left = skipped(views, received);
    const length = (flags & RIFLAGS.PEEK) === 0 ? socket.read(left) : socket.peek(left);
    if (length === WOULD_BLOCK) return WOULD_BLOCK;
    received += length;
    if (flags === RIFLAGS.WAITALL && length > 0 && received < wanted) return WOULD_BLOCK;
    guest.memory.setU32(size, received);
    guest.memory.view.setUint16(outFlags >>> 0, 0, true);
    return ERRNO.SUCCESS;
  });
}

/** The buffers without their first `count` bytes. */
function skipped(views: readonly Uint8Array<ArrayBuffer>[], count: number): Uint8Array<ArrayBuffer>[] {
  let left = count;
  const rest: Uint8Array<ArrayBuffer>[] = [];
  for (const view of views) {
    if (left < view.length) rest.push(view.subarray(left));
    left = Math.max(0, left - view.length);
  }
  return rest;
}

/** `sock_*` of preview 1: what can be done with sockets that the guest was given. */
export const sockFace: Face = {
  quick: {
    sock_shutdown(guest, fd: number, how: number) {
      return shutdown(connectionOf(guest, fd, RIGHTS.SOCK_SHUTDOWN), how);
    },
  },
  waiting: {
    sock_accept: accept,
    sock_recv: receive,
    sock_send(guest, fd: number, buffers: number, count: number, flags: number, size: number) {
      connectionOf(guest, fd, RIGHTS.FD_WRITE);
      if (flags !== 0) fail(ERRNO.INVAL);
      return write(guest, fd, buffers, count, size);
    },
  },
};
