import type { Descriptor, Direction, Readiness } from "../descriptors/descriptor.ts";
import { ERRNO, errnoOf, fail } from "../errno.ts";
import type { Answer, Face } from "../face.ts";
import type { Guest } from "../guest.ts";
import { RIGHTS } from "../rights.ts";
import { CLOCK, timeOf } from "./clocks.ts";
import { descriptorOf } from "./descriptor-of.ts";
import type { Layout } from "./layout.ts";
import { CLOCK_EVENT, clockWaitOf, EVENT_BYTES, millisecondsUntil } from "./sleep.ts";
import type { ClockWait } from "./sleep.ts";

const TYPE = { CLOCK: CLOCK_EVENT, FD_READ: 1, FD_WRITE: 2 } as const;
const HANGUP = 1;
const MAX_SUBSCRIPTIONS = 4096;

interface DescriptorWait {
  readonly userdata: bigint;
  readonly type: number;
  readonly direction: Direction;
  readonly descriptor: Descriptor;
}

interface PollEvent {
  readonly userdata: bigint;
  readonly type: number;
  readonly errno: number;
  readonly readiness?: Readiness;
}

/** What a guest waits for in one `poll_oneoff`. */
interface Waits {
  readonly clocks: ClockWait[];
  readonly descriptors: DescriptorWait[];
  /** What cannot be waited for. */
  readonly failed: PollEvent[];
}

function waitsOf(guest: Guest, layout: Layout, pointer: number, count: number): Waits {
  const { size } = layout.subscription;
  guest.memory.slice(pointer, count * size);
  const { view } = guest.memory;
  const waits: Waits = { clocks: [], descriptors: [], failed: [] };
  for (let i = 0; i < count; i++) {
    const at = (pointer >>> 0) + i * size;
    const userdata = view.getBigUint64(at, true);
    const type = view.getUint8(at + 8);
    try {
      if (type === TYPE.CLOCK) {
        waits.clocks.push(clockWaitOf(guest, layout, at));
      } else if (type === TYPE.FD_READ || type === TYPE.FD_WRITE) {
        const descriptor = descriptorOf(guest, view.getUint32(at + 16, true), RIGHTS.POLL_FD_READWRITE);
        const direction = type === TYPE.FD_READ ? "read" : "write";
        waits.descriptors.push({ userdata, type, direction, descriptor });
      } else {
        fail(ERRNO.INVAL);
      }
    } catch (error) {
      waits.failed.push({ userdata, type, errno: errnoOf(error) });
    }
  }
  return waits;
}

function eventsOf(guest: Guest, waits: Waits): PollEvent[] {
  const events = [...waits.failed];
  for (const { userdata, type, direction, descriptor } of waits.descriptors) {
    try {
      const readiness = descriptor.ready(direction);
      if (readiness !== undefined) events.push({ userdata, type, errno: ERRNO.SUCCESS, readiness });
    } catch (error) {
      events.push({ userdata, type, errno: errnoOf(error) });
    }
  }
  for (const { userdata, clock, deadline } of waits.clocks) {
    if (timeOf(guest, clock) >= deadline) events.push({ userdata, type: TYPE.CLOCK, errno: ERRNO.SUCCESS });
  }
  return events;
}

function writeEvents(guest: Guest, events: readonly PollEvent[], pointer: number, result: number): number {
  const { view } = guest.memory;
  for (const [index, { userdata, type, errno, readiness }] of events.entries()) {
    const at = (pointer >>> 0) + index * EVENT_BYTES;
    guest.memory.slice(at, EVENT_BYTES).fill(0);
    view.setBigUint64(at, userdata, true);
    view.setUint16(at + 8, errno, true);
    view.setUint8(at + 10, type);
    view.setBigUint64(at + 16, BigInt(readiness?.bytes ?? 0), true);
    view.setUint16(at + 24, readiness?.hangup === true ? HANGUP : 0, true);
  }
  guest.memory.setU32(result, events.length);
  return ERRNO.SUCCESS;
}

/** Whole milliseconds until the first deadline, rounded up; 0 when it is there. */
function untilFirst(guest: Guest, clocks: readonly ClockWait[]): number {
  let first = Infinity;
  for (const { clock, deadline } of clocks) {
    first = Math.min(first, millisecondsUntil(deadline, timeOf(guest, clock)));
  }
  return first;
}

/** Wakes at the first deadline. A timer that is early, as timers may be, is set again without waking the guest. */
function atFirst(guest: Guest, clocks: readonly ClockWait[], wake: () => void): () => void {
  let timer: Disposable | undefined;
  const look = (): void => {
    const left = untilFirst(guest, clocks);
    if (left === 0) wake();
    else timer = guest.clock.timer(left, look);
  };
  look();
  return () => timer?.[Symbol.dispose]();
}

function arm(guest: Guest, waits: Waits, wake: () => void): () => void {
  const { clocks, descriptors } = waits;
  if (descriptors.length === 0) return atFirst(guest, clocks, wake);
  const cancels = descriptors.map(({ descriptor, direction }) => descriptor.onReady(direction, wake));
  if (clocks.length > 0) cancels.push(atFirst(guest, clocks, wake));
  return () => {
    for (const cancel of cancels) cancel();
  };
}

function poll(guest: Guest, waits: Waits, pointer: number, result: number): Answer {
  const events = eventsOf(guest, waits);
  return events.length > 0
    ? writeEvents(guest, events, pointer, result)
    : wait(guest, waits, pointer, result);
}

function wait(guest: Guest, waits: Waits, pointer: number, result: number): Answer {
  return guest.suspend(
    (wake) => arm(guest, waits, wake),
    () => poll(guest, waits, pointer, result),
  );
}

/** `poll_oneoff`: one timer of the host, however many clocks. */
function pollOneoff(
  guest: Guest,
  layout: Layout,
  subscriptions: number,
  events: number,
  count: number,
  result: number,
): Answer {
  if (count >>> 0 === 0 || count >>> 0 > MAX_SUBSCRIPTIONS) fail(ERRNO.INVAL);
  guest.memory.require(events, count * EVENT_BYTES);
  guest.memory.require(result, 4);
  if (count === 1 && isClock(guest, layout, subscriptions)) {
    return guest.sleep.by(layout, subscriptions >>> 0, events, result);
  }
  const waits = waitsOf(guest, layout, subscriptions, count);
  const now = eventsOf(guest, waits);
  const onlyClocks = now.every(({ type, errno }) => type === TYPE.CLOCK && errno === ERRNO.SUCCESS);
  if (now.length > 0 && !onlyClocks) return writeEvents(guest, now, events, result);
  // A timeout that is over already: the guest looks whether something is there, and will again, so let it come.
  if (now.length > 0) return guest.yield(() => poll(guest, waits, events, result));
  return wait(guest, waits, events, result);
}

/** Whether a subscription is to a clock that can be waited for; any other is answered with an event of its own. */
function isClock(guest: Guest, { subscription }: Layout, pointer: number): boolean {
  guest.memory.require(pointer, subscription.size);
  const { view } = guest.memory;
  const at = pointer >>> 0;
  return (
    view.getUint8(at + 8) === CLOCK_EVENT && view.getUint32(at + subscription.clock, true) <= CLOCK.MONOTONIC
  );
}

/** `poll_oneoff`, in the given version of the ABI. */
export function pollFace(layout: Layout): Face {
  return {
    quick: {},
    waiting: {
      poll_oneoff: (guest, subscriptions: number, events: number, count: number, result: number) =>
        pollOneoff(guest, layout, subscriptions, events, count, result),
    },
  };
}
