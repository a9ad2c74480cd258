import {
  eventsOf,
  initialState,
  statusOf,
  transition,
  wakeOf,
  withClockSet,
  workOf,
} from "@krustlet/pod-machine";
import type { PodAction, PodEvent, PodLike, PodState } from "@krustlet/pod-machine";
import * as fc from "fast-check";
import { expect, it } from "vitest";

const numRuns = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 2000);

const policy = fc.constantFrom(undefined, "Always", "OnFailure", "Never");

const container = fc.record({
  restartPolicy: policy,
  image: fc.constantFrom("v0", "v1"),
  restartPolicyRules: fc.constantFrom(undefined, [
    { action: "Restart", exitCodes: { operator: "In", values: [42] } },
  ]),
  livenessProbe: fc.constantFrom(undefined, { terminationGracePeriodSeconds: 3 }),
  startupProbe: fc.constantFrom(undefined, {}),
});

const pod: fc.Arbitrary<PodLike> = fc
  .record({
    restartPolicy: policy,
    activeDeadlineSeconds: fc.constantFrom(undefined, undefined, 5),
    terminationGracePeriodSeconds: fc.constantFrom(undefined, 0, 1),
    init: fc.array(container, { maxLength: 2 }),
    regular: fc.array(container, { minLength: 1, maxLength: 2 }),
    deletionTimestamp: fc.constantFrom(undefined, undefined, new Date(0)),
  })
  .map(({ init, regular, deletionTimestamp, ...spec }) => ({
    metadata: { name: "p", uid: "u", deletionTimestamp },
    spec: {
      ...spec,
      initContainers: init.map((each, index) => ({ ...each, name: `i${index}` })),
      containers: regular.map((each, index) => ({ ...each, name: `c${index}` })),
    },
  }));

const at = new Date(0);
const reasons = ["ErrImagePull", "InvalidImageName"] as const;
const failures = ["CreateContainerError", "StartError"] as const;

/** Anything about anybody, whether or not it makes sense now; the time is set when it happens. */
const event: fc.Arbitrary<PodEvent> = fc.oneof(
  fc
    .record({
      container: fc.constantFrom("i0", "i0", "c0", "c0", "c1", "nobody"),
      attempt: fc.constantFrom(0, 1, 1, 2),
      exitCode: fc.constantFrom(0, 1, 42),
      success: fc.boolean(),
      probe: fc.constantFrom("startup" as const, "readiness" as const, "liveness" as const),
      which: fc.nat(1),
    })
    .chain(({ container: name, attempt, exitCode, success, probe, which }) => {
      const about = { container: name, attempt, at };
      const [reason = "ErrImagePull", failure = "StartError"] = [reasons[which], failures[which]];
      const exit = { exitCode, reason: "Any", startedAt: at, finishedAt: at };
      return fc.constantFrom<PodEvent>(
        { ...about, type: "pulling" },
        { ...about, type: "pulled", imageID: "i" },
        { ...about, type: "pullFailed", reason, message: "no" },
        { ...about, type: "started", containerID: `wasi://${name}/${attempt}` },
        { ...about, type: "startFailed", reason: failure, message: "no" },
        { ...about, ...exit, type: "exited" },
        { ...about, type: "lost" },
        { ...about, type: "probed", probe, success },
      );
    }),
  fc.constantFrom<PodEvent>(
    { type: "mountFailed", message: "no", retryable: true, at },
    { type: "objectChanged", at },
    { type: "unmounted", at },
    { type: "unmountFailed", message: "no", at },
    { type: "deleteFailed", message: "no", at },
    { type: "woke", at },
  ),
  { weight: 1, arbitrary: pod.map((changed) => ({ type: "changed" as const, pod: changed, at })) },
);

/** What an executor tells that does what it is asked. */
function answerTo(work: PodAction): PodEvent {
  switch (work.do) {
    case "admit":
      return { type: "admitted", at };
    case "mount":
      return { type: "mounted", at };
    case "pull":
      return { container: work.container, attempt: work.attempt, type: "pulled", imageID: "i", at };
    case "start":
      return {
        container: work.container,
        attempt: work.attempt,
        type: "started",
        containerID: "wasi://x",
        at,
      };
    case "terminate":
    case "kill":
      return { container: work.container, attempt: work.attempt, type: "lost", at };
    case "unmount":
      return { type: "unmounted", at };
    case "delete":
      return { type: "deleted", at };
    case "wait":
      return { type: "woke", at };
  }
}

const step = fc.record({
  /** Absent: what there is to do is done. */
  event: fc.option(event, { nil: undefined }),
  seconds: fc.constantFrom(0, 0, 0.5, 11, 700, -5),
  clockSet: fc.constantFrom(0, 0, 0, 0, 3600, -3600),
});

/** What holds after whatever has happened. */
function check(state: PodState): void {
  const work = workOf(state);
  const runs = state.facts.containers.some((each) => ["Running", "Terminating"].includes(each.state.name));
  const over = state.name === "Finished" || state.name === "Gone";
  expect(work.length > 0 || runs || over, `${JSON.stringify(state)} waits for something`).toBe(true);
  expect(new Set(work.map(({ key }) => key)).size).toBe(work.length);
}

it(
  "whatever is told of whomever, a pod has something to wait for, is never woken for nothing, and ends",
  {
    timeout: 600_000,
  },
  () => {
    const walk = fc.property(pod, fc.array(step, { maxLength: 50 }), fc.boolean(), (spec, steps, probes) => {
      let ms = Date.UTC(2026, 0, 1);
      let state = initialState(spec, new Date(ms), { probes });
      const send = (next: PodEvent): void => {
        const before = state;
        state = transition(before, { ...next, at: new Date(ms) });
        eventsOf(before, state);
        statusOf(state);
        check(state);
      };
      for (const { event: next, seconds, clockSet } of steps) {
        ms += (seconds + clockSet) * 1000;
        state = withClockSet(state, clockSet * 1000);
        for (const each of next === undefined ? workOf(state) : [next])
          send("do" in each ? answerTo(each) : each);
        for (let wake = wakeOf(state); wake !== undefined && wake.getTime() <= ms; wake = wakeOf(state)) {
          const before = state;
          send({ type: "woke", at });
          expect(state).not.toBe(before);
        }
      }
      send({ type: "deleted", gracePeriodSeconds: 0, at });
      for (let rounds = 0; state.name !== "Gone"; rounds += 1) {
        expect(rounds).toBeLessThan(50);
        for (const work of workOf(state)) {
          if (work.do === "wait") ms = Math.max(ms, work.until.getTime());
          send(answerTo(work));
        }
      }
    });
    fc.assert(walk, { seed: 2027, numRuns });
  },
);
