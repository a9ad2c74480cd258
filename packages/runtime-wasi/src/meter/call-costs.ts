import { eventKinds } from "./function-events.ts";
import type { FunctionEvents } from "./function-events.ts";
import type { ScannedFunction } from "./scan-function.ts";
import { bytesOfCopies } from "./unrolling.ts";

/**
 * The longest stretch without a check that is aimed at, in bytes of code (an instruction has two or three). A call's
 * cost is never counted higher than this: such a callee is *saturated*.
 */
export const saturation = 1024;

/** What a call into the host counts: the host does its own accounting. */
const hostCallCost = 32;

/** All functions of a module: those at `from[i]` to `from[i + 1]` of the events belong to function `i`. */
export interface ScannedCode {
  readonly functions: readonly ScannedFunction[];
  readonly events: FunctionEvents;
  /** Index of each function's first event, and at the end the number of events. */
  readonly firstEvents: Uint32Array;
  /** How many functions are imported: function index = this + position. */
  readonly importedFunctions: number;
}

/** What an instruction costs on top of its own bytes. `costs` are those of defined functions. */
export function extraCostOf(code: ScannedCode, event: number, costs: Uint16Array): number {
  const { kinds, operands } = code.events;
  switch (kinds[event]) {
    case eventKinds.call: {
      const callee = (operands[event] as number) - code.importedFunctions;
      return callee < 0 ? hostCallCost : (costs[callee] ?? saturation);
    }
    case eventKinds.callUnknown:
    case eventKinds.bulk:
    case eventKinds.array:
      return saturation;
    case eventKinds.memoryFill:
    case eventKinds.memoryCopy:
    case eventKinds.memoryGrow:
      return saturation / 8;
    default:
      return 0;
  }
}

function costOf(code: ScannedCode, index: number, costs: Uint16Array): number {
  const { start, end } = code.functions[index] as ScannedFunction;
  let cost = end - start;
  const last = code.firstEvents[index + 1] as number;
  for (let event = code.firstEvents[index] as number; event < last && cost < saturation; event++) {
    cost += extraCostOf(code, event, costs);
    if (code.events.kinds[event] === eventKinds.loop) cost += bytesOfCopies(code.events, event);
  }
  return Math.min(cost, saturation);
}

/**
 * For each defined function, an upper bound of what one call of it executes without passing a check, in bytes of
 * code, at most {@link saturation}. Loops have checks of their own, so a body counts as often as it is written. A function that may call
 * itself, directly or around a corner, is saturated; so is one that calls a function known only when it runs.
 */
export function callCostsOf(code: ScannedCode): Uint16Array {
  const count = code.functions.length;
  // Saturated until proved otherwise, so that a callee in the same cycle counts as saturated.
  const costs = new Uint16Array(count).fill(saturation);
  // Tarjan's strongly connected components, without recursion: components end callees first.
  const order = new Uint32Array(count);
  const low = new Uint32Array(count);
  const isOpen = new Uint8Array(count);
  const cursor = code.firstEvents.slice(0, count);
  const component: number[] = [];
  const path: number[] = [];
  let visited = 0;

  const enter = (index: number): void => {
    visited++;
    order[index] = visited;
    low[index] = visited;
    isOpen[index] = 1;
    component.push(index);
    path.push(index);
  };
  /** Goes on to the next callee that was not seen yet; false when there is none left. */
  const descend = (index: number): boolean => {
    const last = code.firstEvents[index + 1] as number;
    for (;;) {
      const event = cursor[index] as number;
      if (event >= last) return false;
      cursor[index] = event + 1;
      if (code.events.kinds[event] !== eventKinds.call) continue;
      const callee = (code.events.operands[event] as number) - code.importedFunctions;
      if (callee < 0 || callee >= count) continue;
      if (order[callee] === 0) {
        enter(callee);
        return true;
      }
      if (isOpen[callee] === 1) low[index] = Math.min(low[index] as number, order[callee] as number);
    }
  };
  const leave = (index: number): void => {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[index] as number);
    if (low[index] !== order[index]) return;
    let size = 0;
    let member: number | undefined;
    do {
      member = component.pop();
      if (member === undefined) break;
      isOpen[member] = 0;
      size++;
    } while (member !== index);
    // A direct call of itself costs `saturation`, as its own cost still is that.
    if (size === 1) costs[index] = costOf(code, index, costs);
  };

  for (let root = 0; root < count; root++) {
    if (order[root] !== 0) continue;
    enter(root);
    for (let index = path.at(-1); index !== undefined; index = path.at(-1)) if (!descend(index)) leave(index);
  }
  return costs;
}
