import { initialState, transition } from "@krustlet/pod-machine";
import type { PodEvent } from "@krustlet/pod-machine";
import { FakeClock } from "@krustlet/testkit";
import type { V1Pod } from "@kubernetes/client-node";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createKubeletMetrics } from "../src/index.ts";
import type { ContainerUsageSample, KubeletMetrics, PodReader } from "../src/index.ts";
import { expositionOf } from "../src/metrics/exposition.ts";
import { createHistogram } from "../src/metrics/instruments.ts";
import { openApiBench, runningPod } from "./api-bench.ts";

const CREATED = new Date("2026-02-03T04:05:06Z");
const after = (seconds: number): Date => new Date(CREATED.getTime() + seconds * 1000);
const none: PodReader = { list: () => [], running: () => [], find: () => undefined, logOf: () => undefined };
const newMetrics = (pods = none): KubeletMetrics =>
  createKubeletMetrics({ nodeName: "node-1", version: "v1.36.3", pods, clock: new FakeClock() });

/** What each line of an exposition says. */
function linesOf(metrics: KubeletMetrics): readonly string[] {
  return expositionOf(metrics.families()).split("\n");
}

/** Takes a pod through events, as the kubelet does, and lets metrics see. */
function live(metrics: KubeletMetrics, pod: V1Pod, events: readonly PodEvent[]): void {
  let state = initialState(pod, after(0.1));
  for (const event of events) {
    const previous = state;
    state = transition(previous, event);
    metrics.observe({ pod, event, previous, state });
  }
}

function podOf(init: Partial<V1Pod["spec"]> = {}): V1Pod {
  return {
    metadata: { namespace: "default", name: "web", uid: "u-1", creationTimestamp: CREATED },
    spec: { containers: [{ name: "main", image: "web:v1" }], ...init },
  };
}

const toRunning = (container: string, pulledFrom: number, to: number, attempt = 1): readonly PodEvent[] => [
  { type: "pulling", at: after(pulledFrom), container, attempt },
  { type: "pulled", at: after(to), container, attempt, imageID: "i", pull: { durationMs: 500, bytes: 5000 } },
  { type: "started", at: after(to + 0.25), container, attempt, containerID: `wasi://${container}` },
];
const begin: readonly PodEvent[] = [
  { type: "admitted", at: after(0.25) },
  { type: "mounted", at: after(0.5) },
];

describe("the time that a pod takes to start", () => {
  it("is measured once, with the time of pulling and without", () => {
    const metrics = newMetrics();
    live(metrics, podOf(), [
      ...begin,
      ...toRunning("main", 1, 3),
      {
        type: "exited",
        at: after(9),
        container: "main",
        attempt: 1,
        exitCode: 1,
        reason: "Error",
        startedAt: after(3.25),
        finishedAt: after(9),
      },
      { type: "woke", at: after(30) },
      ...toRunning("main", 31, 32, 2),
    ]);
    const lines = linesOf(metrics);
    expect(lines).toContain("kubelet_pod_start_total_duration_seconds_sum 3.25");
    expect(lines).toContain("kubelet_pod_start_total_duration_seconds_count 1");
    expect(lines).toContain("kubelet_pod_start_sli_duration_seconds_sum 1.25");
    expect(lines).toContain('kubelet_pod_start_sli_duration_seconds_bucket{le="1"} 0');
    expect(lines).toContain('kubelet_pod_start_sli_duration_seconds_bucket{le="2"} 1');
    expect(lines).toContain("kubelet_pod_start_duration_seconds_sum 3");
    expect(lines).toContain("kubelet_started_pods_total 1");
    expect(lines).toContain('kubelet_started_containers_total{container_type="container"} 2');
    expect(lines).toContain('kubelet_image_pull_duration_seconds_sum{image_size_in_bytes="0-10MB"} 1');
  });

  it("ends with the last container, and pulls at the same time count once", () => {
    const metrics = newMetrics();
    live(metrics, podOf({ containers: [{ name: "a" }, { name: "b" }] }), [
      ...begin,
      ...toRunning("a", 1, 3),
      ...toRunning("b", 2, 4),
    ]);
    const lines = linesOf(metrics);
    expect(lines).toContain("kubelet_pod_start_total_duration_seconds_sum 4.25");
    expect(lines).toContain("kubelet_pod_start_sli_duration_seconds_sum 1.25");
  });

  it("leaves out init containers, and is no promise for pods with lasting volumes", () => {
    const metrics = newMetrics();
    const exited: PodEvent = {
      type: "exited",
      at: after(5),
      container: "init",
      attempt: 1,
      exitCode: 0,
      reason: "Completed",
      startedAt: after(2),
      finishedAt: after(5),
    };
    const init = [...toRunning("init", 1, 1.75), exited];
    live(metrics, podOf({ initContainers: [{ name: "init" }] }), [
      ...begin,
      ...init,
      ...toRunning("main", 5, 6),
    ]);
    expect(linesOf(metrics)).toContain("kubelet_pod_start_sli_duration_seconds_sum 1.5");
    const hostPath = { name: "data", hostPath: { path: "/data" } };
    live(metrics, podOf({ volumes: [hostPath, { name: "tmp", emptyDir: {} }] }), [
      ...begin,
      ...toRunning("main", 1, 2),
    ]);
    expect(linesOf(metrics)).toContain("kubelet_pod_start_sli_duration_seconds_count 1");
    expect(linesOf(metrics)).toContain("kubelet_pod_start_total_duration_seconds_count 2");
  });

  it("of pods that end before they run is not measured", () => {
    const metrics = newMetrics();
    live(metrics, podOf(), [{ type: "rejected", at: after(1), reason: "OutOfcpu", message: "no" }]);
    live(metrics, podOf(), [...begin, { type: "deleted", at: after(2), gracePeriodSeconds: 0 }]);
    expect(linesOf(metrics)).toContain("kubelet_pod_start_total_duration_seconds_count 0");
  });
});

describe("what becomes of pods and containers", () => {
  const evicted = { type: "evicted", at: after(5), reason: "Evicted", message: "low" } as const;
  const exited = (exitCode: number): PodEvent => ({
    type: "exited",
    at: after(4),
    container: "main",
    attempt: 1,
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    startedAt: after(3),
    finishedAt: after(4),
  });

  it("is counted: ends of containers, rejections, evictions, preemptions", () => {
    const metrics = newMetrics();
    const running = [...begin, ...toRunning("main", 1, 2)];
    live(metrics, podOf({ restartPolicy: "Never" }), [...running, exited(7)]);
    // Under Always the next run begins in the same step.
    live(metrics, podOf(), [...running, exited(0)]);
    live(metrics, podOf(), [...running, exited(4_000_000_000)]);
    live(metrics, podOf(), [...running, { ...evicted, signal: "memory.available" }, exited(143)]);
    live(metrics, podOf(), [...running, { ...evicted, reason: "Preempting", signal: "cpu" }]);
    live(metrics, podOf(), [...running, { ...evicted, reason: "Preempting", signal: "example.com/made-up" }]);
    for (const reason of ["OutOfcpu", "OutOfexample.com/gpu", "anything"])
      live(metrics, podOf(), [{ type: "rejected", at: after(1), reason, message: "no" }]);
    live(metrics, podOf(), [
      { type: "admitted", at: after(0) },
      {
        type: "mountFailed",
        at: after(1),
        reason: "FailedCreatePodSandBox",
        message: "no class",
        retryable: true,
      },
    ]);
    const lines = linesOf(metrics);
    const ended = (exit: string, reason: string): string =>
      `kubelet_terminated_containers_total{container_type="container",exit_code="${exit}",reason="${reason}"} 1`;
    expect(lines).toEqual(
      expect.arrayContaining([
        ended("7", "Error"),
        ended("0", "Completed"),
        ended("other", "Error"),
        ended("143", "Error"),
        'kubelet_evictions{eviction_signal="memory.available"} 1',
        'kubelet_preemptions{preemption_signal="cpu"} 1',
        'kubelet_preemptions{preemption_signal="other"} 1',
        'kubelet_admission_rejections_total{reason="OutOfcpu"} 1',
        'kubelet_admission_rejections_total{reason="OutOfExtendedResources"} 1',
        'kubelet_admission_rejections_total{reason="Other"} 1',
        "kubelet_started_pods_errors_total 1",
        'kubelet_containers_per_pod_count_bucket{le="1"} 7',
      ]),
    );
  });

  it("counts once: nothing is evicted that has ended, or is ending for another reason", () => {
    const metrics = newMetrics();
    const again = { ...evicted, signal: "memory.available" };
    const running = [...begin, ...toRunning("main", 1, 2)];
    live(metrics, podOf(), [...running, { type: "deleted", at: after(3), gracePeriodSeconds: 30 }, again]);
    live(metrics, podOf(), [...running, again, again, exited(143), again]);
    // An eviction by the node's shutdown, or whatever else has no signal, is none of these.
    live(metrics, podOf(), [...running, evicted]);
    expect(linesOf(metrics).filter((line) => line.startsWith("kubelet_evictions"))).toEqual([
      'kubelet_evictions{eviction_signal="memory.available"} 1',
    ]);
  });
});

it("pods and containers are counted when somebody asks", () => {
  const mirror = { name: "m", annotations: { "kubernetes.io/config.source": "file" } };
  const pods = [runningPod(), runningPod({ metadata: mirror, status: { phase: "Failed" } })];
  const lines = linesOf(newMetrics({ ...none, list: () => pods, running: () => pods.slice(1) }));
  expect(lines).toContain("kubelet_running_pods 1");
  expect(lines).toContain('kubelet_running_containers{container_state="running"} 1');
  expect(lines).toContain('kubelet_desired_pods{static="true"} 1');
  expect(lines).toContain('kubelet_desired_pods{static=""} 1');
  expect(lines).toContain('kubelet_active_pods{static="true"} 0');
  expect(lines).toContain('kubelet_node_name{node="node-1"} 1');
});

it("certificates have so many seconds left, none at all where there is none", () => {
  const clock = new FakeClock(CREATED);
  const tellOf = (client: Date | undefined): readonly string[] =>
    linesOf(
      createKubeletMetrics({
        nodeName: "node-1",
        version: "v1.36.3",
        pods: none,
        clock,
        certificates: { client: () => client, server: () => after(-2.5) },
      }),
    );
  expect(tellOf(after(3600))).toEqual(
    expect.arrayContaining([
      "kubelet_certificate_manager_client_ttl_seconds 3600",
      "kubelet_certificate_manager_server_ttl_seconds -2",
    ]),
  );
  expect(tellOf(undefined)).toContain("kubelet_certificate_manager_client_ttl_seconds +Inf");
});

describe("the text of metrics", () => {
  it("keeps every label within its quotes, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const text = expositionOf([
          { name: "m", help: "h", type: "gauge", samples: [{ labels: { pod: name, x: "1" }, value: 1 }] },
        ]);
        const [, , line = "", rest] = text.split("\n");
        expect(rest).toBe("");
        const quoted = /^m\{pod="((?:[^"\\]|\\[\\n"])*)",x="1"\} 1$/su.exec(line)?.[1];
        expect(quoted?.replaceAll(/\\(.)/gsu, (_, char: string) => (char === "n" ? "\n" : char))).toBe(name);
      }),
      { seed: 1 },
    );
  });

  it("has buckets that count whatever is not greater", () => {
    const histogram = createHistogram({ name: "h", help: "h", labels: ["a"], bounds: [1, 2.5] });
    for (const value of [0.5, 1, 2, 9]) histogram.observe({ a: "x" }, value);
    expect(expositionOf([histogram.family()])).toBe(
      [
        "# HELP h h",
        "# TYPE h histogram",
        'h_bucket{a="x",le="1"} 2',
        'h_bucket{a="x",le="2.5"} 3',
        'h_bucket{a="x",le="+Inf"} 4',
        'h_sum{a="x"} 12.5',
        'h_count{a="x"} 4',
        "",
      ].join("\n"),
    );
  });
});

describe("/metrics", () => {
  it("counts requests under names that clients cannot add to", async () => {
    const metrics = newMetrics();
    await using bench = await openApiBench({ metrics });
    await bench.get("/healthz/ping");
    for (let path = 0; path < 5; path += 1) await bench.get(`/made-up-${path}`);
    const answer = await bench.get("/metrics");
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const http = (path: string, suffix: string): string =>
      `kubelet_http_${suffix}{method="GET",path="${path}",server_type="readwrite",long_running="false"}`;
    expect(answer.text).toContain(`${http("healthz", "requests_total")} 1\n`);
    expect(answer.text).toContain(`${http("other", "requests_total")} 5\n`);
    expect(answer.text).toContain(`${http("metrics", "inflight_requests")} 1\n`);
    expect(answer.text).toContain(`${http("healthz", "inflight_requests")} 0\n`);
    expect(answer.text).toMatch(/^process_resident_memory_bytes \d+$/mu);
  });
});

it("/metrics/probes is there and empty: no probe is run", async () => {
  await using bench = await openApiBench();
  expect(await bench.get("/metrics/probes")).toMatchObject({ status: 200, text: "" });
});

it("/metrics/slis tells what health checks come to, made for it and for others", async () => {
  let broken = false;
  const log = (): void => {
    if (broken) throw new Error("no space");
  };
  await using bench = await openApiBench({ healthChecks: { log, syncloop: () => undefined } });
  await bench.get("/healthz");
  broken = true;
  const lines = (await bench.get("/metrics/slis")).text.split("\n");
  expect(lines).toContain('kubernetes_healthcheck{name="ping",type="healthz"} 1');
  expect(lines).toContain('kubernetes_healthcheck{name="log",type="healthz"} 0');
  expect(lines).toContain('kubernetes_healthchecks_total{name="log",type="healthz",status="success"} 1');
  expect(lines).toContain('kubernetes_healthchecks_total{name="log",type="healthz",status="error"} 1');
  expect(lines).toContain('kubernetes_healthchecks_total{name="syncloop",type="healthz",status="success"} 2');
});

const startedAt = new Date("2026-02-03T04:05:06.500Z");
const usageOf = (name: string, uid: string, container: string, cpuMicros: number): ContainerUsageSample => ({
  pod: { namespace: "default", name, uid },
  container,
  startedAt,
  cpuMicros,
  memoryBytes: 65_536,
});

describe("what containers use", () => {
  it("is shown for metrics-server, with times", async () => {
    const usage = async () => [
      usageOf("a", "1", "x", 1_500_000),
      usageOf("a", "1", "y", 500_000),
      usageOf("b", "2", "x", 7),
    ];
    await using bench = await openApiBench({ usage });
    const { text } = await bench.get("/metrics/resource");
    const at = bench.clock.now().getTime();
    const lines = text.split("\n");
    expect(lines).toContain(
      `container_cpu_usage_seconds_total{container="x",namespace="default",pod="a"} 1.5 ${at}`,
    );
    expect(lines).toContain(
      `container_memory_working_set_bytes{container="x",namespace="default",pod="b"} 65536 ${at}`,
    );
    expect(lines).toContain(
      `container_start_time_seconds{container="y",namespace="default",pod="a"} ${startedAt.getTime() / 1000}`,
    );
    expect(lines).toContain(`pod_cpu_usage_seconds_total{namespace="default",pod="a"} 2 ${at}`);
    expect(lines).toContain(`pod_memory_working_set_bytes{namespace="default",pod="a"} 131072 ${at}`);
    expect(lines).toContain("resource_scrape_error 0");
    expect(text).toMatch(new RegExp(`^node_cpu_usage_seconds_total [\\d.]+ ${at}$`, "mu"));
    expect(text).toMatch(new RegExp(`^node_memory_working_set_bytes \\d+ ${at}$`, "mu"));
  });

  it("is shown as cAdvisor shows it, the machine beside it", async () => {
    const usage = async () => [usageOf("web", "u-1", "main", 1_500_000), usageOf("late", "u-2", "x", 7)];
    await using bench = await openApiBench({ usage });
    bench.pods.push(runningPod());
    const { text, headers } = await bench.get("/metrics/cadvisor");
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const at = bench.clock.now().getTime();
    const lines = text.split("\n");
    const [status] = bench.pods[0]?.status?.containerStatuses ?? [];
    const rest = `id="/u-1/main",image="${status?.image}",name="1",namespace="default",pod="web"`;
    expect(lines).toContain(
      `container_cpu_usage_seconds_total{container="main",cpu="total",${rest}} 1.5 ${at}`,
    );
    expect(lines).toContain(`container_memory_working_set_bytes{container="main",${rest}} 65536 ${at}`);
    expect(lines).toContain(
      `container_start_time_seconds{container="main",${rest}} ${Math.floor(startedAt.getTime() / 1000)} ${at}`,
    );
    // A pod that nobody shows yet is measured all the same.
    expect(text).toContain(
      'container_memory_usage_bytes{container="x",id="/u-2/x",image="",name="",namespace="default",pod="late"} 65536',
    );
    expect(text).toMatch(
      /^container_cpu_usage_seconds_total\{container="",cpu="total",id="\/",image="",.*\} [\d.]+ \d+$/mu,
    );
    expect(text).toMatch(/^machine_cpu_cores [1-9]\d*$/mu);
    expect(text).toMatch(/^machine_memory_bytes [1-9]\d*$/mu);
    expect(lines).toContain("container_scrape_error 0");
  });

  it("that cannot be measured is an error that is counted", async () => {
    await using bench = await openApiBench({
      usage: async () => {
        throw new Error("no threads");
      },
    });
    const { status, text } = await bench.get("/metrics/resource");
    expect(status).toBe(200);
    expect(text).toMatch(/^resource_scrape_error 1$/mu);
    expect(text).not.toMatch(/^container/mu);
    const cadvisor = await bench.get("/metrics/cadvisor");
    expect(cadvisor.status).toBe(200);
    expect(cadvisor.text).toMatch(/^container_scrape_error 1$/mu);
    expect(cadvisor.text).not.toMatch(/^container_(?!scrape)/mu);
    await expect(bench.get("/stats/summary")).resolves.toMatchObject({ status: 500 });
  });

  it("is measured once a second, by however many who ask", async () => {
    let asked = 0;
    await using bench = await openApiBench({
      usage: async () => {
        asked += 1;
        return [];
      },
    });
    await Promise.all(Array.from({ length: 10 }, () => bench.get("/metrics/resource")));
    expect(asked).toBe(1);
    await bench.clock.advance(1000);
    await bench.get("/stats/summary?only_cpu_and_memory=true");
    expect(asked).toBe(2);
  });

  it("is summed up, with the cores that are used now", async () => {
    let cpuMicros = 3_000_000;
    await using bench = await openApiBench({ usage: async () => [usageOf("web", "u-1", "main", cpuMicros)] });
    const begun = new Date(bench.clock.now().getTime() - 60_000);
    bench.pods.push(runningPod({ status: { startTime: begun } }));
    const summary = async () =>
      JSON.parse((await bench.get("/stats/summary", { method: "POST" })).text) as {
        node: { nodeName: string; cpu: { usageCoreNanoSeconds: number }; memory: { availableBytes: number } };
        pods: { cpu: { usageNanoCores: number } }[];
      };
    const first = await summary();
    expect(first.node.nodeName).toBe("node-1");
    expect(first.node.memory.availableBytes).toBeGreaterThan(0);
    expect(first.pods).toMatchObject([
      {
        podRef: { name: "web", namespace: "default", uid: "u-1" },
        startTime: `${begun.toISOString().slice(0, 19)}Z`,
        containers: [
          {
            name: "main",
            startTime: "2026-02-03T04:05:06Z",
            cpu: { usageCoreNanoSeconds: 3_000_000_000 },
            memory: { workingSetBytes: 65_536, usageBytes: 65_536 },
          },
        ],
        memory: { workingSetBytes: 65_536 },
      },
    ]);
    cpuMicros += 1_000_000;
    await bench.clock.advance(4000);
    expect((await summary()).pods[0]?.cpu.usageNanoCores).toBe(250_000_000);
    await bench.clock.advance(500);
    expect((await summary()).pods[0]?.cpu.usageNanoCores).toBe(250_000_000);
    await bench.clock.advance(4000);
    expect((await summary()).pods[0]?.cpu.usageNanoCores).toBe(0);
  });

  it("is not there where nobody measures it", async () => {
    await using bench = await openApiBench();
    for (const path of ["/metrics", "/metrics/resource", "/stats/summary"]) {
      await expect(bench.get(path)).resolves.toMatchObject({ status: 404 });
    }
  });
});
