import { restartTimeOf } from "./back-off.ts";
import type { Container, ContainerStateName, ContainerTarget } from "./container-graph.ts";
import type { StopOrder } from "./container-moves.ts";
import {
  backOffPull,
  end,
  exitOf,
  giveUp,
  hasten,
  isOver,
  kill,
  killAgain,
  probed,
  pull,
  pullFailed,
  run,
  runAgain,
  start,
  startFailed,
  stop,
  to,
} from "./container-moves.ts";
import type { ContainerEvent } from "./pod-event.ts";
import { isDue } from "./time.ts";

/** What moves a container: something that happened to its current try, an order of its pod, or the time. */
export type ContainerInput =
  | ContainerEvent
  | StopOrder
  | {
      /** Its turn has come, it is to run again, or it is to be tried anew with another image. */
      readonly type: "begin";
      readonly at: Date;
    }
  | { readonly type: "woke"; readonly at: Date };

/** One pure row of the table: what becomes of a container in state `From`, which is only where an edge leads. */
export type ContainerRow<From extends ContainerStateName> = (
  container: Container<From>,
  input: ContainerInput,
) => Container<From | ContainerTarget<From>>;

const ROWS: { readonly [From in ContainerStateName]: ContainerRow<From> } = {
  Waiting: (container, input) => {
    if (input.type === "begin") return pull(container);
    return input.type === "stop" ? giveUp(container) : container;
  },
  Pulling: (container, input) => {
    if (input.type === "pulling") return to(container, { name: "Pulling", downloading: true });
    if (input.type === "pulled") return start(container, input);
    if (input.type === "begin") return pull(container);
    if (input.type === "stop") return giveUp(container);
    if (input.type !== "pullFailed") return container;
    return pullFailed(container, input);
  },
  PullFailed: (container, input) => {
    if (input.type === "stop") return giveUp(container);
    if (input.type === "begin") return pull(container);
    return input.type === "woke" && isDue(container.state.until, input.at)
      ? backOffPull(container)
      : container;
  },
  PullBackOff: (container, input) => {
    if (input.type === "stop") return giveUp(container);
    return isOver(container, input) ? pull(container) : container;
  },
  Starting: (container, input) => {
    if (input.type === "started") return run(container, input);
    if (input.type === "startFailed") return startFailed(container, input);
    if (input.type === "exited" || input.type === "lost") return end(container, exitOf(input));
    return input.type === "stop" ? kill(container, input.cause, input.at) : container;
  },
  StartBackOff: (container, input) => {
    if (input.type === "stop") return giveUp(container);
    return isOver(container, input) ? pull(container) : container;
  },
  Running: (container, input) => {
    if (input.type === "exited" || input.type === "lost")
      return end(container, exitOf(input, container.state));
    if (input.type === "probed") return probed(container, input);
    return input.type === "stop" ? stop(container, input) : container;
  },
  Terminating: (container, input) => {
    const { state } = container;
    if (input.type === "exited" || input.type === "lost")
      return end(container, exitOf(input, state), state.cause);
    if (input.type === "stop") return hasten(container, input);
    if (input.type === "woke" && isDue(state.killAt, input.at)) return kill(container, state.cause, input.at);
    // Readiness still counts while a container stops.
    if (input.type !== "probed" || input.probe !== "readiness" || input.success === state.ready)
      return container;
    return to(container, { ...state, ready: input.success });
  },
  Killing: (container, input) => {
    const { state } = container;
    if (input.type === "exited" || input.type === "lost" || input.type === "startFailed")
      return end(container, exitOf(input, state), state.cause);
    if (input.type === "woke") return killAgain(container, input.at);
    if (input.type === "stop")
      return state.cause === input.cause ? container : to(container, { ...state, cause: input.cause });
    // The start had won the race against its cancellation; the kill that is under way finds the run.
    if (input.type !== "started") return container;
    const begun = { ...container, restartCount: container.exits };
    return to(begun, { ...state, containerID: input.containerID, startedAt: input.at });
  },
  Terminated: (container, input) => {
    if (input.type !== "begin") return container;
    const { exit, cause } = container.state;
    const next = cause === "changed" ? { ...container, crash: undefined } : container;
    const until = restartTimeOf(next.crash, exit.finishedAt, input.at);
    if (isDue(until, input.at)) return runAgain(next, exit, input.at);
    return to(
      { ...next, lastExit: exit, waiting: undefined },
      { name: "CrashBackOff", until, delayMs: next.crash?.delayMs ?? 0, exit },
    );
  },
  CrashBackOff: (container, input) => {
    const { exit, delayMs } = container.state;
    if (input.type === "stop") return to({ ...container, lastExit: undefined }, { name: "Terminated", exit });
    return isOver(container, input) ? runAgain(container, exit, input.at, delayMs) : container;
  },
  Abandoned: (container) => container,
};

/** The one place where a container changes its state. What does not concern it leaves it as it is, the same object. */
export function containerTransition(container: Container, input: ContainerInput): Container {
  if ("attempt" in input && input.attempt !== container.attempt) return container;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the row is looked up by this very state's name
  const row = ROWS[container.state.name] as ContainerRow<ContainerStateName>;
  return row(container, input);
}
