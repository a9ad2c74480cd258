import {
  checkpointOf,
  eventsOf,
  initialState,
  isWorthKeeping,
  parseCheckpoint,
  statusOf,
  transition,
  workOf,
} from "@krustlet/pod-machine";
import type { BegunRun, MachineOptions, PodAction, PodEvent, PodLike, PodState } from "@krustlet/pod-machine";

type Acted = Extract<PodAction, { readonly container: string }>;
type Untimed = PodEvent extends infer E ? (E extends PodEvent ? Omit<E, "at"> : never) : never;

/** One thing that may happen next in the world. */
interface Move {
  readonly name: string;
  readonly weight: number;
  make(): void;
}

const PHASES = ["Pending", "Running", "Succeeded", "Failed"];

/**
 * A simulated executor and a hostile world around it: work takes any time, fails, is cancelled too late, containers
 * exit whenever they like, ignore what they are asked, and events arrive twice and late. It knows the truth about
 * what runs, and checks after every step what must never happen.
 */
export class World {
  state: PodState;
  ms = Date.UTC(2026, 0, 1);
  readonly pod: PodLike;
  readonly startsOf = new Map<string, number>();
  /** Containers that truly run: name → try. */
  readonly running = new Map<string, number>();
  readonly #pending = new Map<string, PodAction>();
  readonly #seen = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #late: Untimed[] = [];
  readonly #succeeded = new Set<string>();
  readonly #everStarted = new Set<string>();
  readonly #random: () => number;
  readonly #options: MachineOptions;
  /** What is on disk: the checkpoint, and which tries of containers may have run. */
  #kept: string | undefined;
  #begun = new Map<string, BegunRun>();
  /** Runs of guests that truly began: container/restart. */
  readonly #runs = new Set<string>();
  /** The object as the API server has it; its status may be an old one. */
  #object: PodLike;
  deaths = 0;
  #changes = 0;
  #deletion: PodLike["metadata"];
  #calm = false;

  constructor(pod: PodLike, random: () => number, options: MachineOptions) {
    this.pod = pod;
    this.#object = pod;
    this.#options = options;
    this.#random = random;
    this.state = freeze(initialState(pod, this.#now(), options));
    this.#reconcile();
  }

  /** Lets one thing happen, chosen by chance. */
  step(): void {
    const moves = [...this.#workMoves(), ...this.#guestMoves(), ...this.#worldMoves()];
    let at = this.#random() * moves.reduce((sum, { weight }) => sum + weight, 0);
    for (const move of moves) {
      at -= move.weight;
      if (at < 0) return move.make();
    }
  }

  /** From here on: the pod is deleted, and the executor does what it is asked, at once. Guests may still sulk. */
  end(): void {
    this.#calm = true;
    this.send({ type: "deleted", gracePeriodSeconds: this.#pick([undefined, 0, 3, 1000]) });
    for (let steps = 0; this.state.name !== "Gone"; steps += 1) {
      if (steps > 500) throw new Error(`it does not end: ${JSON.stringify(this.state)}`);
      const action = this.#pending.values().next().value;
      if (action === undefined) throw new Error(`nothing to do, and not gone: ${JSON.stringify(this.state)}`);
      const next = [...this.#pending.values()].find((action) => action.do !== "wait") ?? action;
      if ("container" in next && next.do === "terminate" && this.#random() < 0.5)
        this.#pending.delete(next.key);
      else this.#finish(next, true);
    }
  }

  send(event: Untimed): void {
    const before = this.state;
    this.state = freeze(transition(before, { ...event, at: this.#now() }));
    this.#check(before);
    if (isWorthKeeping(before, this.state)) this.#keep();
    if (this.#random() < 0.3) this.#object = { ...this.#object, status: revived(statusOf(this.state)) };
    this.#reconcile();
  }

  #keep(): void {
    this.#kept = JSON.stringify(checkpointOf(this.state, this.#begun));
  }

  /** The guest runs from here on, as whoever starts it has noted before. */
  #begin({ container, attempt }: { readonly container: string; readonly attempt: number }): void {
    this.#begun.set(container, { attempt, containerID: `wasi://${container}`, startedAt: this.#now() });
    this.#keep();
    this.running.set(container, attempt);
    const facts = this.state.facts.containers.find(({ name }) => name === container);
    // What its `restartCount` is once it has begun.
    const run = `${container}/${facts?.exits}`;
    assert(!this.#runs.has(run), `${run} is no run's number twice`);
    this.#runs.add(run);
    const never =
      this.pod.spec?.restartPolicy === "Never" && facts?.kind !== "sidecar" && this.#changes === 0;
    const runs = [...this.#runs].filter((each) => each.startsWith(`${container}/`));
    assert(!never || runs.length === 1, `${container} never runs twice`);
  }

  /** The process is killed, and another one takes up what there is. */
  #die(): void {
    this.deaths += 1;
    const was = statusOf(this.state);
    const begun = this.state.name !== "Registered";
    this.running.clear();
    this.#pending.clear();
    this.#seen.clear();
    this.#gone.clear();
    this.#late.length = 0;
    this.#begun = new Map();
    const kept = this.#kept === undefined ? undefined : parseCheckpoint(this.#kept);
    const before = this.state;
    this.state = freeze(initialState(this.#object, this.#now(), this.#options, kept));
    const is = statusOf(this.state);
    if (begun && (was.phase === "Succeeded" || was.phase === "Failed"))
      assert(is.phase === was.phase && is.reason === was.reason, "an end outlives the process");
    for (const [index, container] of this.state.facts.containers.entries()) {
      const earlier = before.facts.containers[index];
      assert(container.exits >= (earlier?.exits ?? 0), "no exit is forgotten");
      const { containerStatuses = [], initContainerStatuses = [] } = this.#object.status ?? {};
      const told = [...containerStatuses, ...initContainerStatuses].find(
        ({ name }) => name === container.name,
      );
      assert(container.restartCount >= (told?.restartCount ?? 0), "restart counts outlive the process");
    }
    this.send({ type: "woke" });
  }

  #now(): Date {
    return new Date(this.ms);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }

  #reconcile(): void {
    const actions = workOf(this.state);
    const keys = new Set(actions.map(({ key }) => key));
    assert(keys.size === actions.length, "keys are unique");
    assert(actions.filter((action) => action.do === "wait").length <= 1, "there is one wait at the most");
    for (const [key, action] of this.#pending) {
      if (keys.has(key)) continue;
      this.#pending.delete(key);
      this.#cancel(action);
    }
    for (const action of actions) {
      if (this.#seen.has(action.key)) continue;
      this.#seen.add(action.key);
      this.#pending.set(action.key, action);
      if (action.do === "start") this.#checkStart(action);
    }
    for (const key of this.#seen) {
      if (keys.has(key)) continue;
      this.#seen.delete(key);
      this.#gone.add(key);
    }
    for (const key of keys)
      assert(!this.#gone.has(key) || key.startsWith("wait/"), `${key} never comes back`);
  }

  #cancel(action: PodAction): void {
    if (action.do === "start") {
      // The start may have won the race: then the guest runs, and only `kill` will find it.
      if (this.#random() < 0.5) {
        this.#begin(action);
        const { container, attempt } = action;
        this.#late.push({
          type: "started",
          container,
          attempt,
          containerID: `wasi://${container}/${attempt}`,
        });
      }
      return;
    }
    if (action.do === "pull") this.#late.push(this.#pulled(action));
    if (action.do === "mount") this.#late.push({ type: "mounted" });
  }

  #finish(action: PodAction, well = this.#random() < 0.6): void {
    this.#pending.delete(action.key);
    switch (action.do) {
      case "admit":
        return this.send(
          well ? { type: "admitted" } : { type: "rejected", reason: "OutOfcpu", message: "no" },
        );
      case "mount":
        return this.send(
          well
            ? { type: "mounted" }
            : { type: "mountFailed", message: "no", retryable: this.#random() < 0.7 },
        );
      case "unmount":
        return this.send(well ? { type: "unmounted" } : { type: "unmountFailed", message: "busy" });
      case "delete":
        return this.send(
          well
            ? { type: "deleted", gracePeriodSeconds: 0 }
            : { type: "deleteFailed", message: "a finalizer's webhook is down" },
        );
      case "pull":
        return this.send(
          well
            ? this.#pulled(action)
            : {
                ...trying(action),
                type: "pullFailed",
                reason: this.#pick(["ErrImagePull", "ErrImageNeverPull"]),
                message: "no",
              },
        );
      case "start":
        return this.#finishStart(action, well);
      case "terminate":
        return this.#exit(action.container, this.#pick([0, 143]));
      case "kill":
        // Some never answer.
        if (this.#random() < 0.3) return;
        if (this.running.get(action.container) === action.attempt) return this.#exit(action.container, 137);
        return this.send({ ...trying(action), type: "lost" });
      case "wait":
        this.ms = Math.max(this.ms, action.until.getTime());
        return this.send({ type: "woke" });
    }
  }

  #finishStart(action: Acted, well: boolean): void {
    if (!well) {
      const reason = this.#pick(["CreateContainerConfigError", "RunContainerError"] as const);
      return this.send({ ...trying(action), type: "startFailed", reason, message: "no" });
    }
    this.#begin(action);
    this.#everStarted.add(action.container);
    this.send({
      ...trying(action),
      type: "started",
      containerID: `wasi://${action.container}/${action.attempt}`,
    });
  }

  #pulled(action: Acted): Untimed {
    return { ...trying(action), type: "pulled", imageID: "sha256:1" };
  }

  #exit(container: string, exitCode: number): void {
    const attempt = this.running.get(container);
    if (attempt === undefined) return;
    this.running.delete(container);
    if (exitCode === 0) this.#succeeded.add(container);
    const times = { startedAt: this.#now(), finishedAt: this.#now() };
    this.send({ type: "exited", container, attempt, exitCode, reason: "Any", ...times });
  }

  #workMoves(): readonly Move[] {
    return [...this.#pending.values()].map((action) => ({
      name: action.key,
      weight: action.do === "kill" || action.do === "terminate" ? 1 : 3,
      make: () => this.#finish(action),
    }));
  }

  #guestMoves(): readonly Move[] {
    return [...this.running].flatMap(([container, attempt]) => [
      { name: "exit", weight: 1, make: () => this.#exit(container, this.#pick([0, 0, 1, 42])) },
      {
        name: "probe",
        weight: 0.5,
        make: () => {
          const probe = this.#pick(["startup", "readiness", "liveness"] as const);
          this.send({ type: "probed", container, attempt, probe, success: this.#random() < 0.7 });
        },
      },
    ]);
  }

  #worldMoves(): readonly Move[] {
    const late = this.#late.length;
    return [
      { name: "time", weight: 1, make: () => this.#pass(this.#pick([0.1, 1, 9, 31, 299, 700])) },
      {
        name: "late",
        weight: late > 0 ? 2 : 0,
        make: () => this.send(this.#late[Math.floor(this.#random() * late)] as Untimed),
      },
      {
        name: "deleted",
        weight: 0.25,
        make: () => this.send({ type: "deleted", gracePeriodSeconds: this.#pick([undefined, 0, 1, 60]) }),
      },
      {
        name: "evicted",
        weight: 0.1,
        make: () => this.send({ type: "evicted", reason: "Evicted", message: "full" }),
      },
      { name: "death", weight: this.#options.probes === true ? 0 : 0.2, make: () => this.#die() },
      { name: "changed", weight: 0.3, make: () => this.#change() },
      { name: "objectChanged", weight: 0.3, make: () => this.send({ type: "objectChanged" }) },
      { name: "deletionTimestamp", weight: 0.15, make: () => this.#askForDeletion() },
    ];
  }

  #pass(seconds: number): void {
    this.ms += seconds * 1000;
    const wait = [...this.#pending.values()].find((action) => action.do === "wait");
    if (wait?.do === "wait" && wait.until.getTime() <= this.ms) this.#finish(wait);
  }

  #change(): void {
    this.#changes += 1;
    const { spec = { containers: [] } } = this.pod;
    const containers = spec.containers.map((container) => ({ ...container, image: `v${this.#changes % 3}` }));
    const metadata = this.#deletion ?? this.pod.metadata;
    this.#object = { metadata, spec: { ...spec, containers }, status: this.#object.status };
    this.send({ type: "changed", pod: this.#object });
  }

  #askForDeletion(): void {
    const metadata = {
      ...this.pod.metadata,
      deletionTimestamp: this.#now(),
      deletionGracePeriodSeconds: this.#pick([1, 30]),
    };
    this.#deletion ??= metadata;
    this.#change();
  }

  #checkStart({
    container: name,
    attempt,
    restartCount,
  }: Extract<PodAction, { readonly do: "start" }>): void {
    assert(!this.running.has(name), `${name} does not start while it runs`);
    const { containers } = this.state.facts;
    const index = containers.findIndex((container) => container.name === name);
    const { kind } = containers[index] ?? {};
    for (const earlier of containers.slice(0, index)) {
      if (earlier.kind === "init")
        assert(this.#succeeded.has(earlier.name), `${name} waits for ${earlier.name}`);
      if (earlier.kind === "sidecar")
        assert(this.#everStarted.has(earlier.name), `${name} waits for ${earlier.name}`);
    }
    const runs = (this.startsOf.get(name) ?? 0) + 1;
    this.startsOf.set(name, runs);
    const never = this.pod.spec?.restartPolicy === "Never" && kind !== "sidecar" && this.#changes === 0;
    assert(!never || restartCount === 0, `${name} never restarts (try ${attempt})`);
    assert(this.state.name === "Running", `${name} starts only while the pod runs`);
  }

  #check(before: PodState): void {
    const after = this.state;
    const [was, is] = [statusOf(before), statusOf(after)];
    eventsOf(before, after);
    assert(PHASES.indexOf(is.phase) >= PHASES.indexOf(was.phase), `${was.phase} does not become ${is.phase}`);
    const final = ["Succeeded", "Failed"];
    if (final.includes(was.phase))
      assert(is.phase === was.phase && is.reason === was.reason, "an end is final");
    if (final.includes(is.phase) && !this.#calm) assert(this.running.size === 0, "nothing runs at the end");
    for (const [index, container] of after.facts.containers.entries()) {
      const earlier = before.facts.containers[index];
      assert(container.restartCount >= (earlier?.restartCount ?? 0), "restart counts never go down");
      assert(container.attempt >= (earlier?.attempt ?? 0), "tries never go down");
      if ("until" in container.state)
        assert(!Number.isNaN(container.state.until.getTime()), "a time is a time");
    }
    if (after.name === "Gone" && before.name !== "Gone")
      assert(after.facts.deleted, "only what is deleted is gone");
    if (before.facts.deleted) assert(after.facts.deleted, "what is deleted stays so");
  }
}

function trying({ container, attempt }: Acted): { readonly container: string; readonly attempt: number } {
  return { container, attempt };
}

function assert(holds: boolean, what: string): void {
  if (!holds) throw new Error(`violated: ${what}`);
}

/** Frozen through and through, so that a machine which changes a state in place is caught. */
function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !(value instanceof Date)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value;
}

/** Through JSON and back, as the API server gives it. */
function revived(status: PodLike["status"]): PodLike["status"] {
  const asDates = (_key: string, value: unknown): unknown =>
    typeof value === "string" && /^\d{4}-\d\d-\d\dT.*Z$/u.test(value) ? new Date(value) : value;
  return JSON.parse(JSON.stringify(status), asDates) as PodLike["status"];
}
