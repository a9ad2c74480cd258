import { KrustletError } from "@krustlet/interface";
import { afterEach, describe, expect, it } from "vitest";

import { withDevices } from "../src/container-devices.ts";
import { checkpointDirectory } from "../src/index.ts";
import type { ContainerDevices, DevicePort } from "../src/index.ts";
import { Bench, openBench, podOf } from "./fakes.ts";

const benches: Bench[] = [];
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench[Symbol.asyncDispose]();
});

/** Devices that do what the test says, and note what they were asked. */
function fakeDevices(
  give: (container: string) => Promise<ContainerDevices>,
): DevicePort & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    allocate: (pod, container) => {
      asked.push(`allocate ${pod.metadata?.name}/${container}`);
      return give(container);
    },
    release: (uid) => {
      asked.push(`release ${uid}`);
      return Promise.resolve();
    },
    retain: (uids) => {
      asked.push(`retain ${[...uids].join(" ")}`);
      return Promise.resolve();
    },
  };
}

const GPU: ContainerDevices = {
  env: { GPU: "a", HOME: "/gpu" },
  mounts: [{ source: "/srv/gpu", target: "/gpu", kind: "directory", readOnly: false }],
  withheld: [],
};

const open = async (devices: DevicePort, warnings: string[] = []): Promise<Bench> => {
  const onWarning = (_pod: unknown, message: string, reason?: string) =>
    warnings.push(`${reason}: ${message}`);
  const bench = await openBench({ devices, onWarning });
  benches.push(bench);
  return bench;
};

describe("a container with devices", () => {
  it("starts with their variables, which win over its own, and their mounts", async () => {
    const bench = await open(fakeDevices(() => Promise.resolve(GPU)));
    const env = [
      { name: "HOME", value: "/mine" },
      { name: "OWN", value: "x" },
    ];
    bench.add(podOf([{ name: "app", env }]));
    const { plan } = await bench.started();
    expect(plan.env).toMatchObject({ GPU: "a", HOME: "/gpu", OWN: "x" });
    expect(plan.mounts).toContainEqual(GPU.mounts[0]);
  });

  it("is told what belongs to them and it cannot have", async () => {
    const warnings: string[] = [];
    const bench = await open(
      fakeDevices(() => Promise.resolve({ ...GPU, withheld: ["no /dev/gpu"] })),
      warnings,
    );
    bench.add(podOf());
    await bench.started();
    expect(warnings).toEqual(["DeviceWithheld: no /dev/gpu"]);
  });

  it.each(["Never", "Always"])(
    "does not start without them, and tries again: restartPolicy %s",
    async (restartPolicy) => {
      let tries = 0;
      const devices = fakeDevices(() => {
        tries += 1;
        return tries === 1
          ? Promise.reject(new KrustletError("CapacityExceeded", "there are none"))
          : Promise.resolve(GPU);
      });
      const bench = await open(devices);
      bench.add(podOf([{ name: "app" }], { restartPolicy }));
      await bench.until(() => bench.failures.length === 1);
      expect(bench.containers).toHaveLength(0);
      expect(bench.failures[0]).toMatchObject({ action: "start", container: "app" });
      await bench.clock.advance(60_000);
      const { plan } = await bench.started();
      expect(plan.env).toMatchObject({ GPU: "a" });
    },
  );

  it("keeps them over its restarts, and frees them when nothing of the pod runs any more", async () => {
    const devices = fakeDevices(() => Promise.resolve(GPU));
    const bench = await open(devices);
    const pod = podOf([{ name: "app" }], { restartPolicy: "OnFailure" });
    bench.add(pod);
    (await bench.started(0)).exit(1);
    await bench.clock.advance(20_000);
    const second = await bench.started(1);
    expect(devices.asked).toEqual(["allocate pod/app", "allocate pod/app"]);
    second.exit(0);
    await bench.until(() => bench.state === "Finished");
    expect(devices.asked.at(-1)).toBe(`release ${pod.metadata?.uid}`);
  });

  it("of a pod that went while no process ran frees them when that is known", async () => {
    const devices = fakeDevices(() => Promise.resolve(GPU));
    const first = await openBench();
    benches.push(first);
    const make = (): Bench =>
      new Bench(first.rootDir, { devices, checkpoints: checkpointDirectory(`${first.rootDir}/checkpoints`) });
    const before = make();
    const pod = podOf();
    before.add(pod);
    await before.started();
    await before.kubelet[Symbol.asyncDispose]();
    expect(devices.asked).toEqual(["allocate pod/app"]);
    const after = make();
    benches.push(after);
    after.source$.next({ type: "synced" });
    await after.until(() => devices.asked.includes(`release ${pod.metadata?.uid}`));
  });
});

describe("devices of pods that nobody knows any more", () => {
  it("are freed once every pod has been told, but not those of a pod that still ends", async () => {
    const devices = fakeDevices(() => Promise.resolve(GPU));
    const bench = await open(devices);
    const [ends, stays] = [podOf(), podOf([{ name: "app" }], {}, { name: "other" })];
    bench.add(ends);
    bench.add(stays);
    const container = await bench.started();
    container.stubborn = true;
    bench.remove(ends, 30);
    expect(devices.asked.filter((each) => each.startsWith("retain"))).toEqual([]);
    bench.source$.next({ type: "synced" });
    const both = [ends, stays].map(({ metadata }) => metadata?.uid ?? "");
    await bench.until(() => devices.asked.some((each) => each.startsWith("retain")));
    const retained = devices.asked.find((each) => each.startsWith("retain")) ?? "";
    expect(new Set(retained.split(" ").slice(1))).toEqual(new Set(both));
  });
});

describe("withDevices", () => {
  it("refuses a volume in a device's place", () => {
    const mounts = [{ ...GPU.mounts[0]!, source: "/volume" }];
    expect(() => withDevices({ env: {}, mounts }, GPU, "app")).toThrow(
      "container app: a volume is mounted at /gpu, where its device has /srv/gpu",
    );
  });
});
