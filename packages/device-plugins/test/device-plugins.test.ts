import { connect } from "node:net";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { DevicePlugins, DevicePod } from "../src/index.ts";
import { startDevicePlugins } from "../src/index.ts";
import { startNonsense, startPlugin } from "./start-plugin.ts";
import type { TestPlugin, TestPluginInit } from "./start-plugin.ts";

const GPU = "example.com/gpu";
let directory: string;
let open: AsyncDisposableStack;
let warnings: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "devices-"));
  open = new AsyncDisposableStack();
  warnings = [];
});
afterEach(async () => {
  await open.disposeAsync();
  await rm(directory, { recursive: true });
});

const start = async (callTimeoutMs = 5000): Promise<DevicePlugins> =>
  open.use(
    await startDevicePlugins({ directory, callTimeoutMs, onWarning: (message) => warnings.push(message) }),
  );
const plugin = async (init: Partial<TestPluginInit> = {}): Promise<TestPlugin> =>
  open.use(
    await startPlugin({
      directory,
      devices: [
        ["a", "Healthy"],
        ["b", "Healthy"],
      ],
      ...init,
    }),
  );
const expectEventually = (done: () => void): Promise<void> =>
  vi.waitFor(done, { timeout: 20_000, interval: 5 });
const expectAmounts = (devices: DevicePlugins, capacity: object, reserved?: object): Promise<void> =>
  expectEventually(() => {
    expect(devices.resources().capacity).toEqual(capacity);
    if (reserved !== undefined) expect(devices.resources().reserved).toEqual(reserved);
  });
const pod = (uid: string, count = "1", resource = GPU): DevicePod => ({
  metadata: { namespace: "default", name: uid, uid },
  spec: { containers: [{ name: "main", resources: { limits: { cpu: "1", [resource]: count } } }] },
});
/** A node with a plugin of two healthy devices. */
const ready = async (init: Partial<TestPluginInit> = {}): Promise<[DevicePlugins, TestPlugin]> => {
  const devices = await start();
  const one = await plugin(init);
  await one.register();
  await expectAmounts(devices, { [init.resource ?? GPU]: String(init.devices?.length ?? 2) });
  return [devices, one];
};

describe("a plugin", () => {
  it("registers, and its devices are the node's; those that are unhealthy are no pod's", async () => {
    const [devices, one] = await ready();
    one.list([
      ["a", "Healthy"],
      ["b", "Unhealthy"],
      ["c", "Healthy"],
    ]);
    await expectAmounts(devices, { [GPU]: "3" }, { [GPU]: "1" });
  });

  it("that hangs up has no devices any more, and has them again when it registers again", async () => {
    const [devices, one] = await ready();
    one.hangUp();
    await expectAmounts(devices, { [GPU]: "0" });
    expect(warnings).toEqual([expect.stringContaining("the device plugin of example.com/gpu is gone")]);
    await one.register();
    await expectAmounts(devices, { [GPU]: "2" });
  });

  it("whose process ends has no devices any more", async () => {
    const [devices, one] = await ready();
    await one[Symbol.asyncDispose]();
    await expectAmounts(devices, { [GPU]: "0" });
  });

  it("that registers anew on another socket takes the place of the one before it, whose end is no matter", async () => {
    const [devices, one] = await ready();
    const other = await plugin({ endpoint: "new.sock", devices: [["x", "Healthy"]] });
    await other.register();
    await expectAmounts(devices, { [GPU]: "1" });
    one.hangUp();
    await one[Symbol.asyncDispose]();
    const { env } = await devices.allocate(pod("p"), "main");
    expect(env).toEqual({ DEVICES: "x" });
    expect(devices.resources().capacity).toEqual({ [GPU]: "1" });
  });

  it("may take its time to find devices", async () => {
    const devices = await start(100);
    const one = await plugin({ quiet: true });
    await one.register();
    await expectEventually(() => expect(one.calls).toEqual(["list"]));
    // By then its time would be over, too.
    await one.register({ endpoint: "nobody.sock", resource_name: "example.com/nobody" });
    await expectEventually(() =>
      expect(warnings).toEqual([expect.stringContaining("example.com/nobody is gone")]),
    );
    one.list([["a", "Healthy"]]);
    await expectAmounts(devices, { [GPU]: "1", "example.com/nobody": "0" });
    expect(warnings).toHaveLength(1);
  });

  it("may register before it listens", async () => {
    const devices = await start();
    const registrar = await plugin();
    await registrar.register({ endpoint: "late.sock", resource_name: "example.com/late" });
    await plugin({ endpoint: "late.sock", resource: "example.com/late" });
    await expectAmounts(devices, { "example.com/late": "2" });
  });

  it("sees a new kubelet.sock when the node starts again, even where the last process left its own", async () => {
    const first = await start();
    const { ino } = await stat(join(directory, "kubelet.sock"));
    await first[Symbol.asyncDispose]();
    await expect(stat(join(directory, "kubelet.sock"))).rejects.toThrow("ENOENT");
    await writeFile(join(directory, "other"), "kept");
    await start();
    expect((await stat(join(directory, "kubelet.sock"))).isSocket()).toBe(true);
    expect(ino).toBeTypeOf("number");
    expect(await readFile(join(directory, "other"), "utf8")).toBe("kept");
  });
});

describe("a container", () => {
  it("gets devices that nobody else has, and too many are refused", async () => {
    const [devices, one] = await ready();
    await devices.allocate(pod("p1"), "main");
    await devices.allocate(pod("p2"), "main");
    expect(one.calls).toEqual(["allocate a", "allocate b"]);
    await expect(devices.allocate(pod("p3"), "main")).rejects.toMatchObject({
      code: "CapacityExceeded",
      retryable: true,
      message: expect.stringContaining("asks for 1 of example.com/gpu, and only 0 healthy ones are free"),
    });
    await devices.release("p1");
    expect((await devices.allocate(pod("p3"), "main")).env).toEqual({ DEVICES: "a" });
  });

  it("gets no device twice when two ask at once", async () => {
    const [devices] = await ready();
    const both = await Promise.all(["p1", "p2"].map((uid) => devices.allocate(pod(uid), "main")));
    expect(new Set(both.map(({ env }) => env["DEVICES"]))).toEqual(new Set(["a", "b"]));
  });

  it("has the same ones each time it starts, also of the next process and while the plugin is away", async () => {
    const [devices, one] = await ready();
    const first = await devices.allocate(pod("p"), "main");
    expect(await devices.allocate(pod("p"), "main")).toEqual(first);
    await devices[Symbol.asyncDispose]();
    const next = await start();
    expect(next.held()).toEqual({ [GPU]: "1" });
    await expectAmounts(next, { [GPU]: "0" });
    expect(await next.allocate(pod("p"), "main")).toEqual(first);
    expect(one.calls).toEqual(["allocate a"]);
    await one.register();
    await expectAmounts(next, { [GPU]: "2" });
    expect((await next.allocate(pod("other"), "main")).env).toEqual({ DEVICES: "b" });
  });

  it("of a pod that nobody knows any more frees what it had", async () => {
    const [devices] = await ready();
    await devices.allocate(pod("gone"), "main");
    const { env } = await devices.allocate(pod("stays"), "main");
    await devices.retain(new Set(["stays"]));
    expect(devices.held()).toEqual({ [GPU]: "1" });
    await devices[Symbol.asyncDispose]();
    const next = await start();
    expect(next.held()).toEqual({ [GPU]: "1" });
    expect((await next.allocate(pod("stays"), "main")).env).toEqual(env);
  });

  it("is waited for while its plugin is away, and nothing of it is held", async () => {
    const [devices, one] = await ready();
    one.hangUp();
    await expectAmounts(devices, { [GPU]: "0" });
    await expect(devices.allocate(pod("p"), "main")).rejects.toMatchObject({
      code: "CapacityExceeded",
      message: expect.stringContaining("the device plugin of example.com/gpu is not there"),
    });
    await one.register();
    await expectAmounts(devices, { [GPU]: "2" });
    expect((await devices.allocate(pod("p", "2"), "main")).env).toEqual({ DEVICES: "a,b" });
  });

  it("gets nothing for resources that no plugin has, or that it does not ask for", async () => {
    const [devices, one] = await ready();
    for (const each of [pod("p", "1", "example.com/other"), pod("p", "0")]) {
      expect(await devices.allocate(each, "main")).toEqual({ env: {}, mounts: [], withheld: [] });
    }
    expect(one.calls).toEqual([]);
  });

  it("of a half device is refused", async () => {
    const [devices] = await ready();
    await expect(devices.allocate(pod("p", "500m"), "main")).rejects.toMatchObject({ code: "InvalidField" });
  });

  it("has directories and files of the host mounted, and is told what it cannot have", async () => {
    const shared = join(directory, "shared");
    await mkdir(shared);
    const [devices] = await ready({
      answer: () => [
        {
          mounts: [
            { host_path: `${shared}/`, container_path: "/gpu/dir", read_only: true },
            { host_path: "/etc/hostname", container_path: "/gpu/name", read_only: false },
          ],
          devices: [{ host_path: "/dev/gpu0", container_path: "/dev/gpu0" }],
          annotations: { ignored: "here" },
        },
      ],
    });
    const { mounts, withheld } = await devices.allocate(pod("p"), "main");
    expect(mounts).toEqual([
      { source: shared, target: "/gpu/dir", kind: "directory", readOnly: true },
      { source: "/etc/hostname", target: "/gpu/name", kind: "file", readOnly: false },
    ]);
    expect(withheld).toEqual([
      'container main of pod default/p does not get "/dev/gpu0" of example.com/gpu: WebAssembly has no device nodes.',
    ]);
  });

  it("is told to a plugin that wants to know, at each start", async () => {
    const [devices, one] = await ready({ preStart: true });
    await devices.allocate(pod("p"), "main");
    await devices.allocate(pod("p"), "main");
    expect(one.calls).toEqual(["allocate a", "prestart a", "prestart a"]);
  });

  it("that is cancelled while its plugin thinks holds nothing", async () => {
    const [devices, one] = await ready({ answer: () => undefined });
    const cancelled = new AbortController();
    const waiting = devices.allocate(pod("p"), "main", { signal: cancelled.signal });
    await expectEventually(() => expect(one.calls).toHaveLength(1));
    cancelled.abort(new Error("no longer wanted"));
    await expect(waiting).rejects.toThrow("no longer wanted");
    const again = devices.allocate(pod("q"), "main", { signal: AbortSignal.timeout(2000) });
    await expectEventually(() => expect(one.calls).toEqual(["allocate a", "allocate a"]));
    await Promise.all([
      expect(again).rejects.toMatchObject({ code: "CapacityExceeded", retryable: true }),
      one[Symbol.asyncDispose](),
    ]);
  });
});

describe("a hostile plugin", () => {
  it.each([
    ["another version", { version: "v1alpha" }, "speaks version"],
    ["a name without a domain", { resource_name: "gpu" }, "no name of an extended resource"],
    ["a name of Kubernetes' own", { resource_name: "kubernetes.io/gpu" }, "no name of an extended resource"],
    ["a very long name", { resource_name: `x/${"y".repeat(5000)}` }, "no name of an extended resource"],
    ["a path", { endpoint: "../../etc/passwd" }, "must be the name of its socket"],
    ["the kubelet's own socket", { endpoint: "kubelet.sock" }, "must be the name of its socket"],
    ["no socket", { endpoint: "" }, "must be the name of its socket"],
  ])("is told why it cannot register %s", async (_what, request, why) => {
    const devices = await start();
    const one = await plugin();
    await expect(one.register(request)).rejects.toMatchObject({ details: expect.stringContaining(why) });
    expect(devices.resources().capacity).toEqual({});
  });

  it("with more devices than any machine has is hung up on", async () => {
    const devices = await start();
    const many = Array.from({ length: 10_001 }, (_, index) => [`d${index}`, "Healthy"] as const);
    await (await plugin({ devices: many })).register();
    await expectEventually(() => expect(warnings.join()).toContain("10000 are taken at the most"));
    expect(devices.resources().capacity).toEqual({ [GPU]: "0" });
  });

  it("with a list of megabytes is hung up on", async () => {
    await start();
    await (await plugin({ devices: [["x".repeat(5_000_000), "Healthy"]] })).register();
    await expectEventually(() => expect(warnings.join()).toContain("larger"));
  });

  it("that lists a device twice has it once, unhealthy if it says so once", async () => {
    const devices = await start();
    const twice = [
      ["a", "Healthy"],
      ["a", "Unhealthy"],
      ["a", "Healthy"],
    ] as const;
    await (await plugin({ devices: twice })).register();
    await expectAmounts(devices, { [GPU]: "1" }, { [GPU]: "1" });
  });

  it("that never answers is given up, and its device is free", async () => {
    const devices = await start(300);
    const one = await plugin({ answer: () => undefined });
    await one.register();
    await expectAmounts(devices, { [GPU]: "2" });
    for (const uid of ["p", "q"]) {
      await expect(devices.allocate(pod(uid, "2"), "main")).rejects.toMatchObject({
        code: "CapacityExceeded",
        message: expect.stringContaining("has not answered within 0.3 s"),
      });
    }
  });

  it("that is not behind its socket, or speaks no gRPC, is given up", async () => {
    await start(300);
    const one = await plugin();
    await one.register({ endpoint: "nobody.sock" });
    await expectEventually(() =>
      expect(warnings.join()).toContain("has not answered at its socket within 0.3 s"),
    );
    open.use(await startNonsense(join(directory, "html.sock")));
    await one.register({ endpoint: "html.sock", resource_name: "example.com/html" });
    await expectEventually(() => expect(warnings.join()).toContain("example.com/html is gone"));
    await writeFile(join(directory, "file.sock"), "");
    await one.register({ endpoint: "file.sock", resource_name: "example.com/file" });
    await expectEventually(() => expect(warnings.join()).toContain("is no socket"));
  });

  it.each([
    ["no response", []],
    ["two responses", [{}, {}]],
    ["a variable that is none", [{ envs: { "A=B": "x" } }]],
    ["a relative path", [{ mounts: [{ host_path: "etc", container_path: "/x", read_only: true }] }]],
    ["a path that climbs", [{ mounts: [{ host_path: "/a/../etc", container_path: "/x", read_only: true }] }]],
    ["the guest's root", [{ mounts: [{ host_path: "/etc", container_path: "//", read_only: true }] }]],
  ])("that gives %s is refused, and its device is free", async (_what, answer) => {
    let responses: readonly object[] = answer;
    const [devices] = await ready({ answer: () => responses });
    await expect(devices.allocate(pod("p"), "main")).rejects.toMatchObject({ code: "InvalidObject" });
    responses = [{}];
    await devices.allocate(pod("q", "2"), "main");
  });

  it("that mounts what is not there is refused at each start", async () => {
    const [devices] = await ready({
      answer: () => [{ mounts: [{ host_path: "/none", container_path: "/x", read_only: true }] }],
    });
    await expect(devices.allocate(pod("p"), "main")).rejects.toMatchObject({
      code: "VolumeFailed",
      message: expect.stringContaining("mounts /none, which cannot be used (ENOENT)"),
    });
  });

  it("that registers a hundred resources registers no more", async () => {
    await start();
    const one = await plugin();
    for (let index = 0; index < 100; index += 1)
      await one.register({ resource_name: `example.com/r${index}` });
    await expect(one.register()).rejects.toMatchObject({ details: expect.stringContaining("one too many") });
  });
});

describe("kubelet.sock", () => {
  it("of another kubelet that lives is not taken from it", async () => {
    await start();
    await expect(startDevicePlugins({ directory })).rejects.toMatchObject({
      code: "AddressInUse",
      message: expect.stringContaining("--device-plugins-dir"),
    });
  });

  it("that is a file of somebody's is left alone", async () => {
    await writeFile(join(directory, "kubelet.sock"), "mine");
    await expect(startDevicePlugins({ directory })).rejects.toMatchObject({ code: "AddressInUse" });
    expect(await readFile(join(directory, "kubelet.sock"), "utf8")).toBe("mine");
  });

  it("cannot be in a directory that is too deep, which is said", async () => {
    const deep = join(directory, "x".repeat(100));
    await expect(startDevicePlugins({ directory: deep })).rejects.toMatchObject({ code: "InvalidField" });
  });

  it("is the owner's alone, and takes garbage and many who say nothing without harm", async () => {
    const devices = await start();
    const { mode } = await stat(join(directory, "kubelet.sock"));
    expect(mode & 0o777).toBe(0o600);
    const strangers = Array.from({ length: 10 }, () => connect(join(directory, "kubelet.sock")));
    for (const each of strangers) {
      each.on("error", () => undefined);
      each.write("GET / HTTP/1.1\r\n\r\n");
    }
    await (await plugin()).register();
    await expectAmounts(devices, { [GPU]: "2" });
    for (const each of strangers) each.destroy();
  });
});

describe("the checkpoint", () => {
  it("that is broken is kept beside, and the node goes on", async () => {
    const path = join(directory, "krustlet-allocations.json");
    await writeFile(path, "{");
    await start();
    expect(warnings.join()).toContain("all devices count as free");
    expect(await readFile(`${path}.broken`, "utf8")).toBe("{");
  });

  it("is the owner's alone", async () => {
    const [devices] = await ready();
    await devices.allocate(pod("p"), "main");
    const path = join(directory, "krustlet-allocations.json");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({
      pods: { p: { main: { devices: { [GPU]: ["a"] } } } },
    });
    await devices.release("p");
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ resources: [GPU], pods: {} });
  });
});
