import { readFile } from "node:fs/promises";

import { describe, expect, it } from "vitest";

import { configurationDocument } from "../src/config/configuration-document.ts";
import { effectiveConfiguration } from "../src/config/effective-configuration.ts";
import { KUBELET_FIELDS } from "../src/config/kubelet-fields.ts";
import { KUBELET_SCHEMA } from "../src/config/kubelet-schema.ts";
import { nodeConfigOf } from "../src/config/node-config-of.ts";
import { readConfigFile } from "../src/config/read-config-file.ts";
import type { NodeConfig } from "../src/config/settings.ts";

const HEAD = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";

function configOf(init: {
  readonly flags?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly file?: string;
}): NodeConfig {
  const { flags = {}, env = {}, file } = init;
  return nodeConfigOf({
    flags,
    env,
    file: file === undefined ? undefined : readConfigFile(file, "kubelet.yaml"),
    fileDirectory: "/etc/kubelet",
    cwd: "/work",
    hostname: "Edge-1",
    root: "/var/lib/krustlet",
  });
}

describe("precedence", () => {
  const file = `${HEAD}maxPods: 30\nport: 3\n`;
  it("takes a flag before a variable, that before the file, that before the default", () => {
    expect(configOf({ flags: { "max-pods": "50" }, env: { MAX_PODS: "40" }, file }).maxPods).toBe(50);
    expect(configOf({ env: { MAX_PODS: "40" }, file }).maxPods).toBe(40);
    expect(configOf({ file }).maxPods).toBe(30);
    expect(configOf({}).maxPods).toBe(110);
  });
  it("knows the kubelet's names and Krustlet's for the same setting, and refuses two that differ", () => {
    expect(configOf({ flags: { addr: "127.0.0.1" } }).address).toBe("127.0.0.1");
    expect(configOf({ flags: { "hostname-override": "edge" } }).nodeName).toBe("edge");
    expect(() => configOf({ flags: { "node-name": "a", "hostname-override": "b" } })).toThrow(
      "--node-name and --hostname-override are one setting; give one of them",
    );
  });
  it("takes --hostname-override for the host's name too, as the kubelet does; --node-name names the Node alone", () => {
    const override = { "hostname-override": "edge" };
    expect(configOf({ flags: override })).toMatchObject({ nodeName: "edge", hostname: "edge" });
    expect(configOf({ flags: { ...override, hostname: "vm" } }).hostname).toBe("vm");
    expect(configOf({ flags: { "node-name": "edge" } }).hostname).toBe("edge-1");
  });
  it("makes defaults of the machine's name and of the root, wherever that is given", () => {
    const config = configOf({ env: { KRUSTLET_DATA_DIR: "data" } });
    expect(config).toMatchObject({
      nodeName: "edge-1",
      root: "/work/data",
      kubeconfig: "/work/data/config/kubeconfig",
      certDir: "/work/data/pki",
    });
  });
  it("resolves paths of the command line from the working directory and those of a file from its own", () => {
    const config = configOf({
      flags: { kubeconfig: "admin.conf" },
      file: `${HEAD}staticPodPath: manifests\n`,
    });
    expect(config).toMatchObject({ kubeconfig: "/work/admin.conf", staticPodPath: "/etc/kubelet/manifests" });
  });
});

describe("values", () => {
  it("clears the taints with an empty text and keeps Krustlet's own where nothing is said", () => {
    expect(configOf({ flags: { "register-with-taints": "" } }).registerWithTaints).toEqual([]);
    expect(configOf({}).registerWithTaints).toBeUndefined();
    expect(configOf({ flags: { "register-with-taints": "a=b:NoSchedule" } }).registerWithTaints).toEqual([
      { key: "a", value: "b", effect: "NoSchedule" },
    ]);
    const file = `${HEAD}registerWithTaints:\n- {key: a, value: b, effect: NoExecute}\n`;
    expect(configOf({ file }).registerWithTaints).toEqual([{ key: "a", value: "b", effect: "NoExecute" }]);
  });
  it("reads labels, amounts, thresholds and lists", () => {
    const config = configOf({
      flags: {
        "node-labels": "a=1,b=2",
        "system-reserved": "cpu=500m,memory=1Gi",
        "eviction-hard": "memory.available<200Mi",
        "node-ip": "192.0.2.1,2001:db8::1",
      },
    });
    expect(config.nodeLabels).toEqual({ a: "1", b: "2" });
    expect(config.systemReserved).toEqual({ cpu: "500m", memory: "1Gi" });
    expect(config.evictionHard).toEqual({ "memory.available": "200Mi" });
    expect(config.nodeIPs).toEqual(["192.0.2.1", "2001:db8::1"]);
  });
  it("reads what soft eviction needs, from flags and from a file alike", () => {
    const expected = {
      evictionSoft: { "memory.available": "1Gi", "nodefs.available": "20%" },
      evictionSoftGracePeriod: { "memory.available": 90_000, "nodefs.available": 120_000 },
      evictionMaxPodGracePeriod: 30,
      evictionMinimumReclaim: { "nodefs.available": "500Mi" },
    };
    expect(
      configOf({
        flags: {
          "eviction-soft": "memory.available<1Gi,nodefs.available<20%",
          "eviction-soft-grace-period": "memory.available=1m30s,nodefs.available=2m",
          "eviction-max-pod-grace-period": "30",
          "eviction-minimum-reclaim": "nodefs.available=500Mi",
        },
      }),
    ).toMatchObject(expected);
    const file = `${HEAD}evictionSoft: {memory.available: 1Gi, nodefs.available: "20%"}
evictionSoftGracePeriod: {memory.available: 1m30s, nodefs.available: 2m}
evictionMaxPodGracePeriod: 30
evictionMinimumReclaim: {nodefs.available: 500Mi}
`;
    const config = configOf({ file });
    expect(config).toMatchObject(expected);
    const shown = effectiveConfiguration(config);
    expect(effectiveConfiguration(configOf({ file: JSON.stringify(shown) }))).toEqual(shown);
  });
  it.each([
    ["evictionHard: {memory.free: 1Gi}", "evictionHard: cannot be: The eviction threshold"],
    ["evictionHard: {memory.available: much}", "evictionHard: cannot be: "],
    ["evictionSoft: {nodefs.available: '120%'}", "evictionSoft: cannot be: The eviction threshold"],
    ["evictionSoftGracePeriod: {memory: 1m}", "evictionSoftGracePeriod: cannot be: The eviction threshold"],
    [
      "evictionSoftGracePeriod: {memory.available: soon}",
      "evictionSoftGracePeriod: has a time of memory.available that is no duration",
    ],
    ["evictionMinimumReclaim: {nodefs.available: '-1'}", "evictionMinimumReclaim: cannot be: "],
    ["evictionMaxPodGracePeriod: -1", "evictionMaxPodGracePeriod: -1 is no whole number from 0"],
  ])("refuses %s by path and line", (line, sentence) => {
    expect(() => configOf({ file: `${HEAD}${line}\n` })).toThrow(
      `kubelet.yaml, document 1, line 3: ${sentence}`,
    );
  });
  it("refuses a soft threshold without a time", () => {
    expect(() => configOf({ flags: { "eviction-soft": "memory.available<1Gi" } })).toThrow(
      "evictionSoft has a threshold of memory.available, and evictionSoftGracePeriod no time for it",
    );
    expect(() => configOf({ flags: { "eviction-hard": "memory<1Gi" } })).toThrow(
      '--eviction-hard "memory<1Gi" cannot be: The eviction threshold "memory<1Gi" has none of the signals',
    );
  });
  it("names the flag or the variable of a value that cannot be", () => {
    expect(() => configOf({ flags: { port: "99999" } })).toThrow(
      '--port "99999" is no whole number from 0 to 65535',
    );
    expect(() => configOf({ env: { MAX_PODS: "many" } })).toThrow('$MAX_PODS "many" is no whole number');
    expect(() => configOf({ flags: { "register-with-taints": "a:Never" } })).toThrow("NoSchedule");
    expect(() => configOf({ flags: { "system-reserved": "cpu=lots" } })).toThrow(
      '--system-reserved "cpu=lots" has an amount of cpu that is no quantity',
    );
  });
  it("refuses settings that contradict each other", () => {
    expect(() => configOf({ flags: { "tls-cert-file": "a.crt" } })).toThrow("need each other");
    expect(() => configOf({ flags: { "image-gc-high-threshold": "50" } })).toThrow(
      "--image-gc-low-threshold 80 is not below --image-gc-high-threshold 50",
    );
  });
});

describe("a KubeletConfiguration", () => {
  it("is taken as kubeadm writes it, where zero is the default", async () => {
    const text = await readFile(new URL("kubeadm-kubelet-config.yaml", import.meta.url), "utf8");
    const config = configOf({ file: text });
    expect(config).toMatchObject({
      clientCAFile: "/etc/kubernetes/pki/ca.crt",
      staticPodPath: "/etc/kubernetes/manifests",
      nodeStatusUpdateFrequency: 10_000,
      imageMinimumGCAge: 120_000,
      tokenReviewTTL: 120_000,
      verbosity: 0,
    });
  });
  it("may be JSON", () => {
    const file = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration", maxPods: 7 };
    expect(configOf({ file: JSON.stringify(file) }).maxPods).toBe(7);
  });
  it("is refused by path and line for an unknown field, with what may have been meant", () => {
    expect(() => configOf({ file: `${HEAD}maxPod: 7\n` })).toThrow(
      'kubelet.yaml, document 1, line 3: maxPod: unknown field (did you mean "maxPods"?)',
    );
    expect(() => configOf({ file: `${HEAD}authentication:\n  x509:\n    clientCA: a\n` })).toThrow(
      "line 5: authentication.x509.clientCA: unknown field",
    );
  });
  it("is refused by path and line for a wrong type and a value that cannot be", () => {
    expect(() => configOf({ file: `${HEAD}maxPods: many\n` })).toThrow(
      'line 3: maxPods: must be a 32-bit integer, got the string "many"',
    );
    expect(() => configOf({ file: `${HEAD}nodeStatusUpdateFrequency: 10\n` })).toThrow(
      "line 3: nodeStatusUpdateFrequency: must be a duration such as 10s",
    );
    expect(() => configOf({ file: `${HEAD}port: 70000\n` })).toThrow(
      "line 3: port: 70000 is no whole number from 0 to 65535",
    );
    expect(() => configOf({ file: `${HEAD}crashLoopBackOff: {maxContainerRestartPeriod: 6m}\n` })).toThrow(
      'line 3: crashLoopBackOff.maxContainerRestartPeriod: "6m" is not from 1s to 5m',
    );
  });
  it("says how long a container that crashes waits at most, five minutes where it does not", () => {
    const longest = (file: string): number =>
      configOf({ file: `${HEAD}${file}\n` }).maxContainerRestartPeriod;
    expect(longest("crashLoopBackOff: {}")).toBe(300_000);
    expect(longest("crashLoopBackOff: {maxContainerRestartPeriod: 0s}")).toBe(300_000);
    expect(longest("crashLoopBackOff: {maxContainerRestartPeriod: 1m}")).toBe(60_000);
  });
  it("is refused by name, and with the reason, for a field that cannot be honoured", () => {
    expect(() => configOf({ file: `${HEAD}cpuManagerPolicy: static\n` })).toThrow(
      "line 3: cpuManagerPolicy: guests share threads",
    );
    expect(() => configOf({ file: `${HEAD}cpuManagerPolicy: none\nreadOnlyPort: 0\n` })).not.toThrow();
    expect(() => configOf({ file: `${HEAD}authentication: {anonymous: {enabled: true}}\n` })).toThrow(
      "authentication.anonymous.enabled: the API of a node is not open to everybody",
    );
  });
  it("is refused in another version, and where it is something else", () => {
    expect(() => configOf({ file: "apiVersion: v1\nkind: KubeletConfiguration\n" })).toThrow(
      "line 1: apiVersion: must be kubelet.config.k8s.io/v1beta1",
    );
    expect(() => configOf({ file: `${HEAD}---\n${HEAD}` })).toThrow("more than one document");
    expect(() => configOf({ file: "[" })).toThrow("kubelet.yaml");
  });
  it("has an entry of what is done with it for every field", () => {
    const leaves = (type: string, path: string): string[] =>
      Object.entries(KUBELET_SCHEMA[type] ?? {}).flatMap(([name, text]) => {
        const inner = text.replace(/!$/u, "");
        const at = path === "" ? name : `${path}.${name}`;
        return Object.hasOwn(KUBELET_FIELDS, at)
          ? [at]
          : leaves(inner, at).concat(inner in KUBELET_SCHEMA ? [] : at);
      });
    expect(leaves("KubeletConfiguration", "").toSorted()).toEqual(Object.keys(KUBELET_FIELDS).toSorted());
  });
});

describe("Krustlet's own config.json", () => {
  it("keeps its keys", () => {
    const file = JSON.stringify({
      listenerAddress: "172.182.12.1",
      listenerPort: 3000,
      maxPods: 400,
      nodeIP: "173.183.13.2",
      nodeLabels: { label1: "val1" },
      nodeName: "krusty-node",
      bootstrapFile: "/some/file/path",
      insecureRegistries: "a.example,b.example",
    });
    expect(configOf({ file })).toMatchObject({
      address: "172.182.12.1",
      port: 3000,
      maxPods: 400,
      nodeIPs: ["173.183.13.2"],
      nodeLabels: { label1: "val1" },
      nodeName: "krusty-node",
      bootstrapKubeconfig: "/some/file/path",
      insecureRegistries: ["a.example", "b.example"],
    });
  });
  it("is refused for a key that it does not have", () => {
    expect(() => configOf({ file: '{"node_labels": {}}' })).toThrow(
      'node_labels: unknown field (did you mean "nodeLabels"?)',
    );
  });
});

describe("the effective configuration", () => {
  it("is a KubeletConfiguration that makes the same settings", () => {
    const config = configOf({
      flags: { "max-pods": "9", "eviction-hard": "memory.available<1Gi", "event-qps": "0", v: "4" },
      file: `${HEAD}authentication: {x509: {clientCAFile: ca.crt}}\nshutdownGracePeriod: 1m30s\n`,
    });
    const shown = effectiveConfiguration(config);
    expect(shown).toMatchObject({
      maxPods: 9,
      authentication: { anonymous: { enabled: false }, x509: { clientCAFile: "/etc/kubelet/ca.crt" } },
      shutdownGracePeriod: "1m30s",
    });
    const again = configOf({ file: JSON.stringify(shown) });
    expect(effectiveConfiguration(again)).toEqual(shown);
  });
});

it("docs/configuration.md is what the tables say", async () => {
  const document = await readFile(new URL("../../../docs/configuration.md", import.meta.url), "utf8");
  expect(document).toBe(configurationDocument());
});
