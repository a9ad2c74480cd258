/** Devices of a plugin that is a process of its own, as the scheduler, the node and its pods see them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { hasCondition, inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

const GPU = "example.com/gpu";
/** Prints which device it has, and stays. */
const TELLS = ["write(env:DEVICE_PLUGIN_VAR)to(stm:stdout)", say("\n"), "sleep(3600000)"];

interface PluginProcess extends AsyncDisposable {
  printed(): string;
}

/** Starts the plugin, in the node's directory of plugins; it registers by itself. */
function startPlugin(node: TestNode, shared: string): PluginProcess {
  const script = join(import.meta.dirname, "device-plugin-child.ts");
  const child = spawn(process.execPath, [script, join(node.root, "device-plugins"), GPU, shared], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()));
  return {
    printed: () => printed,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

describe("a device plugin", () => {
  let node: TestNode;
  let plugin: PluginProcess;
  let shared: string;
  beforeAll(async () => {
    node = await joinNode(await sharedCluster());
    shared = join(node.root, "..", "shared");
    await mkdir(shared);
    plugin = startPlugin(node, shared);
  });
  afterAll(async () => {
    await plugin[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
  });

  const amounts = async (): Promise<readonly (string | undefined)[]> => {
    const { status } = await node.object();
    return [status?.capacity?.[GPU], status?.allocatable?.[GPU]];
  };
  const expectAmount = (amount: string): Promise<void> =>
    expect.poll(amounts, { timeout: 30_000 }).toEqual([amount, amount]);
  const podWith = (name: string, args: readonly string[], spec: Partial<V1Pod["spec"]> = {}): V1Pod =>
    podOf(name, [exerciser(args, { resources: { requests: { [GPU]: "1" }, limits: { [GPU]: "1" } } })], {
      terminationGracePeriodSeconds: 1,
      ...spec,
    });
  const deviceOf = async (name: string): Promise<string> => (await node.kubectl(["logs", name])).trim();
  const ready = (name: string): Promise<V1Pod> => node.pods.until(name, "Ready", hasCondition("Ready"));

  test("has its devices in the Node's capacity and allocatable", async () => {
    await expectAmount("2");
  });

  test("gives a pod a variable and a directory that both can write", async () => {
    await node.create(
      podWith("uses", [
        "assert_exists(env:DEVICE_PLUGIN_VAR)",
        "write(lit:from the guest)to(file:/gpu/dir/note)",
        "read(file:/gpu/dir/note)to(var:note)",
        "assert_value(var:note)is(lit:from the guest)",
      ]),
    );
    const pod = await node.pods.until("uses", "Succeeded", inPhase("Succeeded"));
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(0);
    expect(await readFile(join(shared, "note"), "utf8")).toBe("from the guest");
    const events = (): Promise<string> =>
      node.kubectl(["get", "events", "--field-selector=reason=DeviceWithheld", "--output=name"]);
    await expect.poll(events, { timeout: 20_000 }).toContain("event/");
  });

  test("has two devices: a third pod is not scheduled until one of two has gone", async () => {
    await node.create(podWith("first", TELLS), podWith("second", TELLS));
    await Promise.all([ready("first"), ready("second")]);
    const both = async (): Promise<readonly string[]> =>
      (await Promise.all([deviceOf("first"), deviceOf("second")])).toSorted();
    await expect.poll(both, { timeout: 10_000 }).toEqual(["one", "two"]);
    await node.create(podWith("third", TELLS));
    const waits = await node.pods.until("third", "not scheduled", ({ status }) =>
      (status?.conditions ?? []).some(
        ({ type, status: holds }) => type === "PodScheduled" && holds === "False",
      ),
    );
    expect(JSON.stringify(waits.status?.conditions)).toContain(`Insufficient ${GPU}`);
    const freed = await deviceOf("first");
    await node.kubectl(["delete", "pod/first"]);
    await ready("third");
    await expect.poll(() => deviceOf("third"), { timeout: 10_000 }).toBe(freed);
  });

  test("is found again by a node that was killed, whose pods have the devices that they had", async () => {
    await node.kubectl(["delete", "pods/second", "pods/third"]);
    await node.create(podWith("stays", TELLS, { restartPolicy: "Always" }));
    await ready("stays");
    await expect.poll(() => deviceOf("stays"), { timeout: 10_000 }).toMatch(/^(?:one|two)$/u);
    const before = await deviceOf("stays");
    await node.process.kill();
    await node.process.start();
    await node.pods.until(
      "stays",
      "running again",
      (pod) => pod.status?.containerStatuses?.[0]?.restartCount === 1 && hasCondition("Ready")(pod),
    );
    await expect.poll(() => deviceOf("stays"), { timeout: 10_000 }).toBe(before);
    await expectAmount("2");
    await node.create(podWith("other", TELLS));
    await ready("other");
    await expect.poll(() => deviceOf("other"), { timeout: 10_000 }).toBe(before === "one" ? "two" : "one");
  });

  test("that ends has no devices, and has them again when it is back; what runs goes on, even over a restart", async () => {
    await plugin[Symbol.asyncDispose]();
    await expectAmount("0");
    expect(node.pods.history("other").at(-1)?.status?.phase).toBe("Running");
    const before = await deviceOf("stays");
    await node.process.kill();
    await node.process.start();
    await node.pods.until(
      "stays",
      "running without its plugin",
      (pod) => pod.status?.containerStatuses?.[0]?.restartCount === 2 && hasCondition("Ready")(pod),
    );
    await expect.poll(() => deviceOf("stays"), { timeout: 10_000 }).toBe(before);
    await expectAmount("0");
    plugin = startPlugin(node, shared);
    await expectAmount("2");
  });
});
