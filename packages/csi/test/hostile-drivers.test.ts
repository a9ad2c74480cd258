import { createServer } from "node:net";
import type { Socket } from "node:net";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { eventually, startCsiDriver } from "@krustlet/testkit";
import type { CsiMethod } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import { csiNode, DRIVER } from "./csi-node.ts";

const never = (): Promise<never> => new Promise(() => {});
const limits = { askMs: 200, volumeMs: 200 };

describe("a plugin", () => {
  const info = (more: object): Readonly<Record<string, CsiMethod>> => ({
    GetInfo: () => ({
      type: "CSIPlugin",
      name: DRIVER,
      endpoint: "",
      supported_versions: ["1.0.0"],
      ...more,
    }),
  });

  it.each<readonly [string, Readonly<Record<string, CsiMethod>>, string]>([
    ["is no CSI plugin", info({ type: "DevicePlugin" }), 'of the type "DevicePlugin"'],
    ["has a path as its name", info({ name: "../../etc" }), "which no CSI driver can have"],
    ["has a name without end", info({ name: "a".repeat(5000) }), "which no CSI driver can have"],
    ["has versions of another age", info({ supported_versions: ["0.3.0", "2.0", "x"] }), "none of them 1.x"],
    ["has an endpoint elsewhere", info({ endpoint: "../csi.sock" }), "no absolute path"],
    ["has another driver at its endpoint", { GetPluginInfo: () => ({ name: "other" }) }, '"other"'],
    ["is not ready", { Probe: () => ({ ready: { value: false } }) }, "is not ready"],
    ["does not answer", { GetPluginInfo: never }, "did not answer GetPluginInfo within 0.2 s"],
    ["answers without end", { NodeGetInfo: () => ({ node_id: "n".repeat(2 ** 21) }) }, "ResourceExhausted"],
    ["knows no node", { NodeGetInfo: () => ({}) }, "an id of no or more than 256 bytes"],
  ])("that %s is told why it is not registered", async (_what, methods, message) => {
    await using node = await csiNode(undefined, { limits });
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry, methods });
    const told = () => driver.calls.filter(({ method }) => method === "NotifyRegistrationStatus");
    await eventually(
      () => told().length > 0,
      () => `nothing was told; ${node.failures.join()}`,
    );
    expect(told()[0]?.request["plugin_registered"]).toBe(false);
    expect(told()[0]?.request["error"]).toContain(message);
    expect(node.registered).toEqual([]);
    expect(node.csiNode()).toBeUndefined();
  });

  it("that speaks no gRPC at all holds up no other one", async () => {
    await using node = await csiNode(undefined, { limits });
    const sockets = new Set<Socket>();
    const garbage = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.write("HTTP/1.1 200 OK\r\n\r\n".repeat(1000));
    });
    await new Promise<void>((resolve) => garbage.listen(join(node.registry, "a.sock"), resolve));
    await writeFile(join(node.registry, "file.sock"), "");
    await symlink("/dev/log", join(node.registry, "link.sock"));
    await using _driver = await startCsiDriver({ name: DRIVER, registry: node.registry });
    await eventually(
      () => node.registered.length === 1 && node.failures.length > 0,
      () => `${node.registered.join()} ${node.failures.join()}`,
    );
    garbage.close();
    for (const socket of sockets) socket.destroy();
    expect(node.failures[0]).toContain(`the plugin at ${join(node.registry, "a.sock")}`);
  });

  it("that wants the name of one that is there is refused; of one that answers no more it has it", async () => {
    await using node = await csiNode(undefined, { limits });
    let alive = true;
    const methods = { GetPluginInfo: () => (alive ? { name: DRIVER } : never()) };
    await using _first = await startCsiDriver({ name: DRIVER, registry: node.registry, methods });
    await eventually(
      () => node.registered.length === 1,
      () => "not registered",
    );
    await using _second = await startCsiDriver({ name: DRIVER, registry: node.registry, socket: "b.sock" });
    await eventually(
      () => node.failures.length === 1,
      () => "not refused",
    );
    expect(node.failures[0]).toBe(`another CSI driver "${DRIVER}" is registered`);
    alive = false;
    await eventually(
      () => node.registered.length === 2,
      () => `not registered: ${node.failures.join()}`,
    );
  });
});

describe("a driver that hangs", () => {
  it("fails the volume within its time limit, and lets go of it when the pod does", async () => {
    await using node = await csiNode(undefined, { limits: { askMs: 5000, volumeMs: 100 } });
    const methods = { NodePublishVolume: never };
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry, methods });
    await expect(node.csi.publish(node.volumeOf("uid-1"))).rejects.toMatchObject({
      code: "Timeout",
      retryable: true,
    });
    await node.csi.unpublish(node.directoryOf("uid-1"));
    expect(driver.changes().at(-1)).toBe("NodeUnstageVolume");
  });

  it("is let go at once where the pod is gone", async () => {
    await using node = await csiNode();
    const asked = Promise.withResolvers<void>();
    const hang = (): Promise<never> => {
      asked.resolve();
      return never();
    };
    const methods = { NodePublishVolume: hang };
    await using _driver = await startCsiDriver({ name: DRIVER, registry: node.registry, methods });
    const gone = new AbortController();
    const publishing = node.csi.publish(node.volumeOf("uid-1"), { signal: gone.signal });
    await asked.promise;
    gone.abort(new Error("the pod is gone"));
    await expect(publishing).rejects.toThrow("the pod is gone");
  });

  it("does not take the turns of all pods", async () => {
    await using node = await csiNode();
    await using _driver = await startCsiDriver({
      name: DRIVER,
      registry: node.registry,
      methods: { NodeStageVolume: never },
    });
    const gone = new AbortController();
    const all = Array.from({ length: 13 }, (_, index) =>
      node.csi.publish(node.volumeOf(`uid-${index}`, { volumeHandle: `v-${index}` }), {
        signal: gone.signal,
      }),
    );
    await expect(Promise.race(all)).rejects.toThrow("has yet to publish 12 other volumes");
    gone.abort(new Error("the end"));
    await Promise.allSettled(all);
  });
});
