import { initialState, transition, workOf } from "@krustlet/pod-machine";
import type { ContainerLike, PodLike, PodState } from "@krustlet/pod-machine";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { World } from "./world.ts";

const numRuns = Number(process.env["KRUSTLET_FUZZ_RUNS"] ?? 3000);

const container = fc.record({ probes: fc.boolean(), image: fc.constant("v0") }).map(({ probes, image }) => ({
  image,
  ...(probes ? { livenessProbe: {}, startupProbe: {}, readinessProbe: {} } : {}),
}));

const pods: fc.Arbitrary<PodLike> = fc
  .record({
    restartPolicy: fc.constantFrom("Always", "OnFailure", "Never"),
    init: fc.array(fc.tuple(container, fc.boolean()), { maxLength: 3 }),
    regular: fc.array(container, { minLength: 1, maxLength: 3 }),
    activeDeadlineSeconds: fc.constantFrom(undefined, undefined, 5, 400),
  })
  .map(({ restartPolicy, init, regular, activeDeadlineSeconds }) => ({
    metadata: { name: "p", uid: "u" },
    spec: {
      restartPolicy,
      activeDeadlineSeconds,
      initContainers: init.map(([spec, sidecar], index): ContainerLike => ({
        ...spec,
        name: `i${index}`,
        ...(sidecar ? { restartPolicy: "Always" } : {}),
      })),
      containers: regular.map((spec, index) => ({ ...spec, name: `c${index}` })),
    },
  }));

/** A small generator of chance that a seed decides; fast-check chooses the seed. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("in any order of events", () => {
  it(
    "and deaths of its process, a pod never goes backwards, keeps its order, never starts twice, and ends once it is deleted",
    { timeout: 600_000 },
    () => {
      const reached = new Map<string, number>();
      let deaths = 0;
      fc.assert(
        fc.property(pods, fc.nat(), fc.nat(60), fc.boolean(), (pod, seed, steps, probes) => {
          const world = new World(pod, chance(seed), { probes });
          for (let step = 0; step < steps; step += 1) world.step();
          reached.set(world.state.name, (reached.get(world.state.name) ?? 0) + 1);
          if (world.state.name !== "Gone") world.end();
          expect(world.state.name).toBe("Gone");
          deaths += world.deaths;
        }),
        { seed: 2026, numRuns },
      );
      expect(deaths).toBeGreaterThan(numRuns / 4);
      // The walk is worth something only if it comes everywhere.
      expect([...reached.keys()].toSorted()).toEqual(
        ["Finished", "Gone", "Mounting", "Registered", "Running", "Terminating", "Unmounting"].toSorted(),
      );
    },
  );

  it("crashes wait exactly as long as the kubelet's would", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 12 }), (runs) => {
        expect(crashLoop(runs)).toEqual(kubeletCrashLoop(runs));
      }),
      { seed: 7, numRuns: 1000 },
    );
  });
});

/** When each run of a container begins, in seconds, if it crashes after so many each time. */
function crashLoop(runs: readonly number[]): readonly number[] {
  const at = (seconds: number): Date => new Date(seconds * 1000);
  let state: PodState = initialState({ spec: { containers: [{ name: "c" }] } }, at(0));
  state = transition(transition(state, { type: "admitted", at: at(0) }), { type: "mounted", at: at(0) });
  const begins: number[] = [];
  let now = 0;
  for (const seconds of runs) {
    const attempt = begins.length + 1;
    const wait = workOf(state).find((action) => action.do === "wait");
    if (wait?.do === "wait") {
      // A moment before it is too early.
      const early = transition(state, { type: "woke", at: new Date(wait.until.getTime() - 1) });
      if (early !== state) throw new Error("it went on a moment too early");
      now = wait.until.getTime() / 1000;
      state = transition(state, { type: "woke", at: wait.until });
    }
    begins.push(now);
    const about = { container: "c", attempt };
    state = transition(state, { ...about, type: "pulled", imageID: "i", at: at(now) });
    state = transition(state, { ...about, type: "started", containerID: "x", at: at(now) });
    const [startedAt, finishedAt] = [at(now), at(now + seconds)];
    now += seconds;
    state = transition(state, {
      ...about,
      type: "exited",
      exitCode: 1,
      reason: "Error",
      startedAt,
      finishedAt,
      at: finishedAt,
    });
  }
  return begins;
}

/** The same, after the words of client-go's `flowcontrol.Backoff` and the kubelet's `doBackOff`. */
function kubeletCrashLoop(runs: readonly number[]): readonly number[] {
  const begins: number[] = [];
  let entry: { backOff: number; lastUpdate: number } | undefined;
  let finished: number | undefined;
  for (const seconds of runs) {
    let now = finished ?? 0;
    if (finished !== undefined) {
      if (entry !== undefined && finished - entry.lastUpdate > 600) entry = undefined;
      if (entry !== undefined) now = finished + entry.backOff;
      entry = { backOff: entry === undefined ? 10 : Math.min(entry.backOff * 2, 300), lastUpdate: now };
    }
    begins.push(now);
    finished = now + seconds;
  }
  return begins;
}
