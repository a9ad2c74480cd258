import type { V1Pod } from "@kubernetes/client-node";
import { expect, it } from "vitest";

import { openBench, podOf } from "./fakes.ts";
import type { Bench } from "./fakes.ts";

/** An API server that keeps one pod's status, and counts its versions. */
class Server {
  readonly writes: string[] = [];
  #pod: V1Pod;
  #version = 100;

  constructor(pod: V1Pod) {
    this.#pod = pod;
  }

  readonly writeStatus = (_pod: V1Pod, status: object): Promise<V1Pod> => {
    this.writes.push((status as { phase: string }).phase);
    return Promise.resolve(this.set(status));
  };

  set(status: object): V1Pod {
    this.#version += 1;
    const { metadata, spec } = this.#pod;
    const versioned = Object.assign({}, metadata, { resourceVersion: String(this.#version) });
    // As JSON, and with the times as the watch has them.
    this.#pod = { metadata: versioned, spec, status: structuredClone(status) as V1Pod["status"] };
    return this.#pod;
  }

  get pod(): V1Pod {
    return this.#pod;
  }
}

it("a status of a pod that is gone is written once, and not until it lands", async () => {
  const pod = podOf();
  pod.metadata!.resourceVersion = "5";
  let writes = 0;
  await using bench = await openBench({
    writeStatus: () => {
      writes += 1;
      return Promise.resolve("gone");
    },
  });
  bench.add(pod);
  const newer = structuredClone(pod);
  newer.metadata!.resourceVersion = "6";
  newer.status = { phase: "Pending" };
  const container = await bench.started();
  bench.source$.next({ type: "updated", pod: newer });
  await bench.clock.advance(60_000);
  container.exit(0);
  await bench.until(() => bench.state === "Finished");
  await bench.clock.advance(60_000);
  expect(writes).toBeLessThan(5);
});

async function runningPod(): Promise<{ bench: Bench; server: Server }> {
  const pod = podOf();
  const server = new Server(pod);
  const bench = await openBench({ writeStatus: server.writeStatus });
  bench.add(pod);
  await bench.started();
  await bench.until(() => server.writes.at(-1) === "Running");
  return { bench, server };
}

it("a pod that others made unready while the node was away says again that it is ready", async () => {
  const { bench, server } = await runningPod();
  await using _ = bench;
  const { status } = server.pod;
  const conditions = status?.conditions?.map((each) =>
    Object.assign({}, each, each.type === "Ready" && { status: "False" }),
  );
  bench.source$.next({ type: "updated", pod: server.set(Object.assign({}, status, { conditions })) });
  await bench.until(() => bench.steps.at(-1)?.event.type === "changed");
  await bench.clock.advance(20_000);
  expect(server.writes.filter((phase) => phase === "Running")).toHaveLength(2);
  expect(server.pod.status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");
});

it("a pod's status is not written again for what the watch brings late, and for what is others' own", async () => {
  const { bench, server } = await runningPod();
  await using _ = bench;
  const before = server.writes.length;
  const [late] = [structuredClone(server.pod)];
  late.metadata!.resourceVersion = "99";
  late.status = { phase: "Pending" };
  bench.source$.next({ type: "updated", pod: late });
  await bench.until(() => bench.steps.at(-1)?.event.type === "changed");
  await bench.clock.advance(20_000);
  const conditions = [...(server.pod.status?.conditions ?? []), { type: "example.com/Warm", status: "True" }];
  bench.source$.next({
    type: "updated",
    pod: server.set(Object.assign({}, server.pod.status, { conditions })),
  });
  await bench.until(() => bench.steps.at(-1)?.pod === server.pod);
  await bench.clock.advance(20_000);
  expect(server.writes).toHaveLength(before);
});
