import type { V1Pod, V1PodStatus } from "@kubernetes/client-node";
import type {
  PodAction,
  PodEvent,
  PodLike,
  PodState,
  PodStateOf,
  PodStatus,
  PodStatusLike,
} from "@krustlet/pod-machine";
import { describe, expectTypeOf, it } from "vitest";
import type { Container } from "../src/container-graph.ts";
import { to } from "../src/container-moves.ts";
import type { ContainerRow } from "../src/container-transition.ts";
import type { PodRow } from "../src/transition.ts";

const at = new Date(0);

describe("a row of the pod's table", () => {
  it("may stay, and go where an edge leads", () => {
    expectTypeOf<(state: PodStateOf<"Mounting">) => PodStateOf<"Mounting">>().toExtend<PodRow<"Mounting">>();
    expectTypeOf<(state: PodStateOf<"Mounting">) => PodStateOf<"Running">>().toExtend<PodRow<"Mounting">>();
    expectTypeOf<(state: PodStateOf<"Mounting">) => PodStateOf<"Unmounting">>().toExtend<
      PodRow<"Mounting">
    >();
  });

  it("does not compile where no edge leads", () => {
    // @ts-expect-error -- a pod whose volumes are mounted cannot be Gone before they are unmounted
    const skip: PodRow<"Mounting"> = ({ facts }) => ({ name: "Gone", facts, outcome: { phase: "Failed" } });
    // @ts-expect-error -- nothing leads back from Finished
    const back: PodRow<"Finished"> = ({ facts }) => ({ name: "Running", facts });
    // @ts-expect-error -- nothing leads out of Gone
    const out: PodRow<"Gone"> = ({ facts }) => ({ name: "Registered", facts });
    expectTypeOf([skip, back, out]).toBeArray();
  });

  it("does not compile where the target's payload is missing or wrong", () => {
    // @ts-expect-error -- an end has an outcome
    const without: PodRow<"Unmounting"> = ({ facts }) => ({ name: "Finished", facts });
    const outcome = { phase: "Pending" } as const;
    // @ts-expect-error -- Pending is no outcome
    const wrong: PodRow<"Unmounting"> = ({ facts }) => ({ name: "Gone", facts, outcome });
    // @ts-expect-error -- no state without the facts
    const bare: PodRow<"Mounting"> = () => ({ name: "Running" });
    expectTypeOf([without, wrong, bare]).toBeArray();
  });
});

describe("a row of the containers' table", () => {
  it("may stay, and go where an edge leads", () => {
    expectTypeOf<(container: Container<"Waiting">) => Container<"Waiting">>().toExtend<
      ContainerRow<"Waiting">
    >();
    expectTypeOf<(container: Container<"Waiting">) => Container<"Pulling">>().toExtend<
      ContainerRow<"Waiting">
    >();
  });

  it("does not compile where no edge leads", () => {
    // @ts-expect-error -- no container starts without its image
    const skip: ContainerRow<"Waiting"> = (container) => to(container, { name: "Starting", imageID: "i" });
    const running = { name: "Running", containerID: "c", startedAt: at, started: true, ready: true } as const;
    // @ts-expect-error -- what ended is not running again without a new start
    const back: ContainerRow<"Terminated"> = (container) => to(container, running);
    // @ts-expect-error -- a container that may run is not just forgotten
    const forget: ContainerRow<"Running"> = (container) => to(container, { name: "Abandoned" });
    expectTypeOf([skip, back, forget]).toBeArray();
  });

  it("does not compile where the target's payload is missing", () => {
    // @ts-expect-error -- a back-off has an end
    const endless: ContainerRow<"Pulling"> = (container) => to(container, { name: "PullBackOff" });
    const half = { name: "Running", startedAt: at, started: true, ready: true } as const;
    // @ts-expect-error -- nobody runs without an ID
    const nameless: ContainerRow<"Starting"> = (container) => to(container, half);
    expectTypeOf([endless, nameless]).toBeArray();
  });
});

describe("events and actions", () => {
  it("are told apart by their type, and always say when", () => {
    // @ts-expect-error -- no event without its time
    const timeless: PodEvent = { type: "mounted" };
    const exit = { container: "c", exitCode: 0, reason: "", startedAt: at, finishedAt: at, at };
    // @ts-expect-error -- an exit says of which try it is
    const nobody: PodEvent = { type: "exited", ...exit };
    const failure = { container: "c", attempt: 1, message: "", at };
    // @ts-expect-error -- a closed list of reasons
    const foreign: PodEvent = { type: "pullFailed", reason: "Whatever", ...failure };
    expectTypeOf([timeless, nobody, foreign]).toBeArray();
    expectTypeOf<Extract<PodAction, { do: "wait" }>>().toHaveProperty("until").toEqualTypeOf<Date>();
  });

  it("do not let a state be changed in place", () => {
    const change = (state: PodState): void => {
      // @ts-expect-error -- states are read-only
      state.name = "Gone";
      // @ts-expect-error -- through and through
      state.facts.phase = "Running";
    };
    expectTypeOf(change).toBeFunction();
  });
});

describe("the types of a Kubernetes client", () => {
  it("go in as they are", () => {
    expectTypeOf<V1Pod>().toExtend<PodLike>();
    expectTypeOf<V1PodStatus>().toExtend<PodStatusLike>();
  });

  it("take what comes out", () => {
    expectTypeOf<PodStatus>().toExtend<V1PodStatus>();
    expectTypeOf<PodStatus>().toExtend<PodStatusLike>();
  });
});
