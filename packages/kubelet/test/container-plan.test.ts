import type { ImageConfig } from "@krustlet/interface";
import type { V1Container } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";

import { argsOf, buildContainerPlan, moduleNameOf } from "../src/index.ts";
import { resourcesOf } from "../src/container-resources.ts";
import { imageOf, podOf } from "./fakes.ts";

describe("argv", () => {
  const cases: readonly {
    readonly says: string;
    readonly container: Pick<V1Container, "command" | "args">;
    readonly config: ImageConfig;
    readonly argv: readonly string[];
  }[] = [
    { says: "is the module's name where nothing says more", container: {}, config: {}, argv: ["hello"] },
    {
      says: "has args behind the module's name",
      container: { args: ["a"] },
      config: {},
      argv: ["hello", "a"],
    },
    {
      says: "is the image's entrypoint and command",
      container: {},
      config: { entrypoint: ["/e"], command: ["c"] },
      argv: ["/e", "c"],
    },
    {
      says: "has args in the place of the image's command",
      container: { args: ["a"] },
      config: { entrypoint: ["/e"], command: ["c"] },
      argv: ["/e", "a"],
    },
    {
      says: "has command in the place of both",
      container: { command: ["x"] },
      config: { entrypoint: ["/e"], command: ["c"] },
      argv: ["x"],
    },
    {
      says: "is command and args",
      container: { command: ["x"], args: ["a"] },
      config: { entrypoint: ["/e"], command: ["c"] },
      argv: ["x", "a"],
    },
    {
      says: "is the image's command alone",
      container: {},
      config: { command: ["/c", "d"] },
      argv: ["/c", "d"],
    },
    {
      says: "keeps the module's name when args replace a lone command",
      container: { args: ["a"] },
      config: { command: ["/c"] },
      argv: ["hello", "a"],
    },
    {
      says: "has $(VAR) expanded in what the Pod says",
      container: { command: ["$(A)"], args: ["$$(A)", "$(B)", "${A}"] },
      config: {},
      argv: ["one", "$(A)", "$(B)", "${A}"],
    },
    {
      says: "leaves the image's own words alone",
      container: {},
      config: { entrypoint: ["$(A)"] },
      argv: ["$(A)"],
    },
  ];
  it.each(cases)("$says", ({ container, config, argv }) => {
    expect(
      argsOf(container, { reference: "registry.example/x/hello:v1", config }, { A: "one" }),
    ).toStrictEqual(argv);
  });

  it.each([
    ["hello", "hello"],
    ["registry.example:5000/a/hello:v1", "hello"],
    [`registry.example/hello@sha256:${"a".repeat(64)}`, "hello"],
    ["/somewhere/hello.wasm", "hello.wasm"],
  ])("names the module of %s %s", (reference, name) => {
    expect(moduleNameOf(reference)).toBe(name);
  });
});

describe("a plan", () => {
  const init = { id: "0", env: {}, mounts: [], resources: {}, address: "127.3.4.5" };
  const planOf = (
    container: Partial<V1Container>,
    more: Partial<Parameters<typeof buildContainerPlan>[0]> = {},
  ): ReturnType<typeof buildContainerPlan> => {
    const pod = more.pod ?? podOf();
    return buildContainerPlan({
      ...init,
      image: imageOf("app"),
      ...more,
      pod,
      container: { name: "app", ...container },
    });
  };

  it("has no more arguments and environment than a program can have, however few characters ask for it", () => {
    const half = "é".repeat(2 ** 19);
    expect(planOf({ args: ["$(HALF)"] }, { env: { HALF: half.slice(100) } }).args).toHaveLength(2);
    const many = Array.from({ length: 5000 }, () => "$(HALF)");
    for (const args of [["$(HALF)"], many]) {
      expect(() => planOf({ args }, { env: { HALF: half } })).toThrow(
        expect.objectContaining({
          code: "StartFailed",
          message: expect.stringContaining(`pod "default/pod", container "app": argument list too long`),
        }),
      );
    }
  });

  it("puts the Pod's variables over the image's, and tells the pod's name as its host's", () => {
    const image = { ...imageOf("app"), config: { env: ["A=image", "B=image=x", "=bad", "bad"] } };
    expect(planOf({}, { image, env: { A: "pod" } }).env).toStrictEqual({
      HOSTNAME: "pod",
      A: "pod",
      B: "image=x",
    });
  });

  it("has a socket for each TCP port, at the pod's address and the host port, and tells the guest of them", () => {
    const plan = planOf({
      ports: [
        { containerPort: 80, name: "http", hostPort: 8080 },
        { containerPort: 53, protocol: "UDP" },
        { containerPort: 81, hostIP: "127.0.0.1", hostPort: 8081 },
      ],
    });
    expect(plan.listen).toStrictEqual([
      {
        name: "http",
        binds: [
          { address: "127.3.4.5", port: 80 },
          { address: "0.0.0.0", port: 8080 },
        ],
      },
      {
        name: "81",
        binds: [
          { address: "127.3.4.5", port: 81 },
          { address: "127.0.0.1", port: 8081 },
        ],
      },
    ]);
    expect(plan.env).toMatchObject({ LISTEN_FDS: "2", LISTEN_FDNAMES: "http:81" });
  });

  it("listens on the host's own addresses with hostNetwork", () => {
    const plan = planOf(
      { ports: [{ containerPort: 80 }] },
      { pod: podOf([{ name: "app" }], { hostNetwork: true }) },
    );
    expect(plan.listen[0]?.binds).toStrictEqual([{ address: "0.0.0.0", port: 80 }]);
    expect(plan.address).toBeUndefined();
  });

  it("gives a thread of its own from half a core on, or by annotation", () => {
    expect(planOf({}, { resources: { cpuRequestMillis: 499 } }).isolated).toBe(false);
    expect(planOf({}, { resources: { cpuRequestMillis: 500 } }).isolated).toBe(true);
    const pod = podOf([{ name: "app" }], {}, { annotations: { "krustlet.dev/isolated": "true" } });
    expect(planOf({}, { pod }).isolated).toBe(true);
  });

  it("has the image's file system as its root, unless something is mounted there", () => {
    const image = { ...imageOf("app"), rootfs: "/images/tree" };
    const mount = { source: "/host", target: "/", kind: "directory", readOnly: false } as const;
    expect(planOf({}, { image }).mounts).toStrictEqual([
      { source: "/images/tree", target: "/", kind: "directory", readOnly: true },
    ]);
    expect(planOf({}, { image, mounts: [mount] }).mounts).toStrictEqual([mount]);
  });

  it("takes the Pod's working directory before the image's", () => {
    const image = { ...imageOf("app"), config: { workingDir: "/image" } };
    expect(planOf({}, { image }).workingDir).toBe("/image");
    expect(planOf({ workingDir: "/pod" }, { image }).workingDir).toBe("/pod");
  });
});

describe("resources", () => {
  it("are thousandths of cores and bytes; a request that is not set is the limit", () => {
    expect(resourcesOf({ resources: { limits: { cpu: "1.5", memory: "64Mi" } } })).toStrictEqual({
      cpuLimitMillis: 1500,
      cpuRequestMillis: 1500,
      memoryLimitBytes: 64 * 2 ** 20,
    });
    expect(resourcesOf({ resources: { limits: { cpu: "2" }, requests: { cpu: "100m" } } })).toMatchObject({
      cpuRequestMillis: 100,
    });
    // As for the kubelet: 0 is no limit.
    expect(resourcesOf({ resources: { limits: { cpu: "0", memory: "0" } } })).toStrictEqual({
      cpuLimitMillis: undefined,
      cpuRequestMillis: undefined,
      memoryLimitBytes: undefined,
    });
    expect(resourcesOf({})).toStrictEqual({
      cpuLimitMillis: undefined,
      cpuRequestMillis: undefined,
      memoryLimitBytes: undefined,
    });
  });
});
