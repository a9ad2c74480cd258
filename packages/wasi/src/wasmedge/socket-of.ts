import type { Descriptor } from "../descriptors/descriptor.ts";
import { ListenerDescriptor, SocketDescriptor } from "../descriptors/socket-descriptors.ts";
import { ERRNO, fail } from "../errno.ts";
import type { Guest } from "../guest.ts";
import type { NetworkPolicy } from "./network-policy.ts";
import { TcpDescriptor } from "./tcp-descriptor.ts";
import type { WaitingBudget } from "./tcp-listener.ts";
import { UdpDescriptor } from "./udp-descriptor.ts";

const MAX_WAITING = 1024;
const budgets = new WeakMap<Guest, WaitingBudget>();

/** What the guest may do on the network; `ACCES` where it was given none. */
export function networkOf(guest: Guest): NetworkPolicy {
  return guest.init.network ?? fail(ERRNO.ACCES);
}

/** How many connections may still wait for the guest to accept them. */
export function budgetOf(guest: Guest): WaitingBudget {
  let budget = budgets.get(guest);
  if (budget === undefined) {
    budget = { left: MAX_WAITING };
    budgets.set(guest, budget);
  }
  return budget;
}

function isSocket(descriptor: Descriptor): boolean {
  return descriptor instanceof ListenerDescriptor || descriptor instanceof SocketDescriptor;
}

/** A socket that the guest opened or accepted. `NOTSUP` for one that it was given. */
export function socketOf(guest: Guest, fd: number): TcpDescriptor | UdpDescriptor {
  const descriptor = guest.descriptors.get(fd);
  if (descriptor instanceof TcpDescriptor || descriptor instanceof UdpDescriptor) return descriptor;
  return fail(isSocket(descriptor) ? ERRNO.NOTSUP : ERRNO.NOTSOCK);
}

/** Anything that accepts: a socket that the guest opened, or one that it was given. */
export function acceptorOf(guest: Guest, fd: number): TcpDescriptor | ListenerDescriptor {
  const descriptor = guest.descriptors.get(fd);
  if (descriptor instanceof TcpDescriptor || descriptor instanceof ListenerDescriptor) return descriptor;
  if (descriptor instanceof UdpDescriptor) return fail(ERRNO.NOTSUP);
  return fail(isSocket(descriptor) ? ERRNO.INVAL : ERRNO.NOTSOCK);
}
