import type { Guest } from "../guest.ts";
import type { PreopenedListener } from "../listener.ts";
import { canonicalAddress, isAnyAddress } from "./socket-address.ts";
import type { Endpoint } from "./socket-address.ts";
import type { BoundListener } from "./tcp-listener.ts";

const taken = new WeakSet<PreopenedListener>();

/**
 * The listening socket that the guest was given for a port, where it binds one of its own to that port: programs for
 * WasmEdge do, and know nothing of descriptors that are open from the start. Both accept the same connections.
 * Undefined: it was given none there, has closed it, or has bound another one to it.
 */
export function givenListenerFor(guest: Guest, wanted: Endpoint): BoundListener | undefined {
  const leadsHere = (listener: PreopenedListener): boolean =>
    !listener.closed &&
    !taken.has(listener) &&
    listener.addresses.some(({ address, port }) => {
      const at = canonicalAddress(address);
      return (
        port === wanted.port && (at === wanted.address || isAnyAddress(at) || isAnyAddress(wanted.address))
      );
    });
  const given = wanted.port === 0 ? undefined : guest.init.listen?.find(leadsHere);
  return given === undefined ? undefined : borrow(given, wanted);
}

/** Closing gives the listener back: the guest may still accept by the descriptor that it was given. */
function borrow(given: PreopenedListener, local: Endpoint): BoundListener {
  taken.add(given);
  return {
    local,
    get waiting() {
      return given.waiting;
    },
    // It listens already.
    listen: () => {},
    accept: () => given.accept(),
    onConnection: (wake) => given.onConnection(wake),
    close: () => taken.delete(given),
  };
}
