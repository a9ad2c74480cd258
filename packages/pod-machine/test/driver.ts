import { initialState, statusOf, transition, workOf } from "@krustlet/pod-machine";
import type {
  ContainerLike,
  ContainerStatus,
  MachineOptions,
  PodAction,
  PodEvent,
  PodLike,
  PodSpecLike,
  PodState,
} from "@krustlet/pod-machine";

/** A pod of these containers; a name alone is a container with an image of that name. */
export function podOf(
  containers: readonly (string | ContainerLike)[],
  spec: Partial<PodSpecLike> = {},
  status?: PodLike["status"],
): PodLike {
  return {
    metadata: { name: "p", namespace: "ns", uid: "u1", generation: 3 },
    spec: {
      ...spec,
      containers: containers.map((one) =>
        typeof one === "string" ? { name: one, image: `${one}:v1` } : one,
      ),
    },
    status,
  };
}

type Without<T> = T extends unknown ? Omit<T, "at"> : never;

/** Plays an executor whose every move the test decides. Time is in seconds since the start. */
export class Driver {
  state: PodState;
  seconds = 0;

  constructor(pod: PodLike, options?: MachineOptions) {
    this.state = initialState(pod, this.at(0), options);
  }

  at(seconds: number): Date {
    return new Date(Date.UTC(2026, 0, 1) + seconds * 1000);
  }

  send(event: Without<PodEvent>): this {
    this.state = transition(this.state, { ...event, at: this.at(this.seconds) });
    return this;
  }

  /** Moves the time, waking the machine whenever it wants that. */
  until(seconds: number): this {
    for (;;) {
      const wait = this.actions().find((action) => action.do === "wait");
      if (wait?.do !== "wait" || wait.until > this.at(seconds)) break;
      this.seconds = (wait.until.getTime() - this.at(0).getTime()) / 1000;
      this.send({ type: "woke" });
    }
    this.seconds = seconds;
    return this;
  }

  actions(): readonly PodAction[] {
    return workOf(this.state);
  }

  /** The work without its waits, as text: `start main 1`. */
  work(): readonly string[] {
    return this.actions().flatMap((action) => {
      if (action.do === "wait") return [];
      return ["container" in action ? `${action.do} ${action.container} ${action.attempt}` : action.do];
    });
  }

  wakeAt(): number | undefined {
    const wait = this.actions().find((action) => action.do === "wait");
    return wait?.do === "wait" ? (wait.until.getTime() - this.at(0).getTime()) / 1000 : undefined;
  }

  attempt(container: string): number {
    return this.container(container).attempt;
  }

  container(name: string): PodState["facts"]["containers"][number] {
    const found = this.state.facts.containers.find((container) => container.name === name);
    if (found === undefined) throw new Error(`no container ${name}`);
    return found;
  }

  status(name: string): ContainerStatus {
    const { containerStatuses, initContainerStatuses = [] } = statusOf(this.state);
    const found = [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name);
    if (found === undefined) throw new Error(`no status of ${name}`);
    return found;
  }

  ready(): this {
    return this.send({ type: "admitted", hostIP: "10.0.0.1", podIPs: ["127.1.0.1"] }).send({
      type: "mounted",
    });
  }

  pulled(...containers: readonly string[]): this {
    for (const container of containers) {
      this.send({
        type: "pulled",
        container,
        attempt: this.attempt(container),
        imageID: `${container}@sha256:1`,
      });
    }
    return this;
  }

  started(...containers: readonly string[]): this {
    for (const container of containers) {
      this.send({
        type: "started",
        container,
        attempt: this.attempt(container),
        containerID: `wasi://${container}`,
      });
    }
    return this;
  }

  run(...containers: readonly string[]): this {
    for (const container of containers) this.pulled(container).started(container);
    return this;
  }

  exited(container: string, exitCode = 0): this {
    const finishedAt = this.at(this.seconds);
    const reason = exitCode === 0 ? "Completed" : "Error";
    return this.send({
      type: "exited",
      container,
      attempt: this.attempt(container),
      exitCode,
      reason,
      startedAt: finishedAt,
      finishedAt,
    });
  }
}
