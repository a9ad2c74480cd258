import { readFile, stat, writeFile } from "node:fs/promises";
import { request } from "node:https";
import type { RequestOptions } from "node:https";
import { join } from "node:path";

import type { Cluster } from "@krustlet/control-plane";
import { startRegistry } from "@krustlet/testkit";
import type { TestRegistry } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { krustlet, start, temporaryDirectory } from "../krustlet.ts";
import { sharedCluster } from "./shared-cluster.ts";
import { startNode } from "./start-node.ts";
import type { ClusterNode } from "./start-node.ts";
import { pushExerciser, wasmPod } from "./wasm-pod.ts";

let cluster: Cluster;
let registry: TestRegistry;
let node: ClusterNode;
let image = "";

beforeAll(async () => {
  cluster = await sharedCluster();
  registry = await startRegistry();
  image = await pushExerciser(registry);
  node = await startNode(cluster, { name: "node-one" });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

const get = (what: string, path: string, ...more: readonly string[]): Promise<string> =>
  cluster.kubectlOutput(["get", ...what.split(" "), "-o", `jsonpath=${path}`, ...more]);
const waitFor = (what: string, condition: string): Promise<string> =>
  cluster.kubectlOutput(["wait", what, `--for=${condition}`, "--timeout=40s"]);

/** The certificate and key of a kubeconfig's only user. */
async function clientCertificateOf(kubeconfig: string): Promise<Pick<RequestOptions, "cert" | "key">> {
  const { users } = parse(await readFile(kubeconfig, "utf8")) as {
    readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
  };
  const decoded = (field: string): string => Buffer.from(users[0]?.user[field] ?? "", "base64").toString();
  return { cert: decoded("client-certificate-data"), key: decoded("client-key-data") };
}

/** What a node's API answers, to somebody who shows nothing if no certificate is given. */
function answerOf(
  url: string,
  client: Pick<RequestOptions, "cert" | "key"> = {},
): Promise<{ readonly status?: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...client, rejectUnauthorized: false, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.once("end", () => resolve({ status: answer.statusCode, text }));
    });
    asked.once("error", reject).end();
  });
}

describe("a Node", () => {
  it("has Krustlet's architecture, labels and taints, and what the machine has", async () => {
    expect(await get("node node-one", "{.metadata.labels}")).toContain('"kubernetes.io/arch":"wasm32-wasi"');
    expect(await get("node node-one", "{.spec.taints[*].effect}")).toContain("NoExecute");
    expect(await get("node node-one", "{.status.addresses[0].address}")).toBe("127.0.0.1");
    expect(await get("node node-one", "{.status.allocatable.pods}")).toBe("110");
    expect(await get("node node-one", "{.status.nodeInfo.containerRuntimeVersion}")).toMatch(/^krustlet:/u);
  });
  it("has a Lease of its own that it renews", async () => {
    const lease = "lease node-one";
    const first = await get(lease, "{.spec.renewTime}", "-n", "kube-node-lease");
    expect(await get(lease, "{.spec.leaseDurationSeconds}", "-n", "kube-node-lease")).toBe("40");
    expect(await get(lease, "{.metadata.ownerReferences[*].name}", "-n", "kube-node-lease")).toBe("node-one");
    const watching = [
      "get",
      "lease",
      "node-one",
      "-n",
      "kube-node-lease",
      "--output-watch-events",
      "--watch-only",
    ];
    const stop = new AbortController();
    const watched = cluster.kubectl([...watching, "--request-timeout=15s"], { signal: stop.signal });
    const { stdout } = await watched;
    expect(stdout).toContain("MODIFIED");
    expect(await get(lease, "{.spec.renewTime}", "-n", "kube-node-lease")).not.toBe(first);
  });
  it("tells Events of itself", async () => {
    const events = await cluster.kubectlOutput(["events", "--for", "node/node-one", "-A"]);
    expect(events).toContain("Starting kubelet.");
  });
});

describe("a Pod", () => {
  it("is scheduled, pulled and run, and ends as Succeeded with its container's exit code and message", async () => {
    const args = ["write(lit:done)to(file:/dev/termination-log)", "exit(0)"];
    await cluster.apply(wasmPod("node-one", "once", { containers: [{ name: "main", image, args }] }));
    await waitFor("pod/once", "jsonpath={.status.phase}=Succeeded");
    const path = "{.status.containerStatuses[0].state.terminated}";
    expect(JSON.parse(await get("pod once", path))).toMatchObject({
      exitCode: 0,
      reason: "Completed",
      message: "done",
    });
    const events = await cluster.kubectlOutput(["events", "--for", "pod/once"]);
    for (const reason of ["Scheduled", "Pulling", "Pulled", "Created", "Started"])
      expect(events).toContain(reason);
    await cluster.kubectlOutput(["delete", "pod", "once"]);
  });
  it("that fails is Failed with the guest's own exit code", async () => {
    const containers = [{ name: "main", image, args: ["exit(7)"] }];
    await cluster.apply(wasmPod("node-one", "failing", { containers }));
    await waitFor("pod/failing", "jsonpath={.status.phase}=Failed");
    expect(await get("pod failing", "{.status.containerStatuses[0].state.terminated.exitCode}")).toBe("7");
    await cluster.kubectlOutput(["delete", "pod", "failing"]);
  });
  it("gets ConfigMap, Secret, Service variables and its service account's token, and runs until it is deleted", async () => {
    await cluster.apply(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "words", namespace: "default" },
        data: { a: "from a map" },
      },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "secret", namespace: "default" },
        stringData: { b: "hidden" },
      },
    );
    const token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    const args = [
      "assert_value(env:WORDS)is(lit:from a map)",
      "assert_value(file:/etc/secret/b)is(lit:hidden)",
      "assert_exists(env:KUBERNETES_SERVICE_HOST)",
      `assert_exists(file:${token})`,
      "sleep(600000)",
    ];
    const main = {
      name: "main",
      image,
      args,
      env: [{ name: "WORDS", valueFrom: { configMapKeyRef: { name: "words", key: "a" } } }],
      volumeMounts: [{ name: "secret", mountPath: "/etc/secret" }],
    };
    const volumes = [{ name: "secret", secret: { secretName: "secret" } }];
    await cluster.apply(wasmPod("node-one", "long", { containers: [main], volumes }));
    await waitFor("pod/long", "condition=Ready");
    expect(await get("pod long", "{.status.hostIP}")).toBe("127.0.0.1");
    expect(await get("pod long", "{.status.podIP}")).toMatch(/^127\./u);
    await cluster.kubectlOutput(["delete", "pod", "long", "--wait=false"]);
    await waitFor("pod/long", "delete");
    await cluster.kubectlOutput(["delete", "configmap/words", "secret/secret"]);
  });
  it("that the node has no room for is refused with the kubelet's reason", async () => {
    const resources = { requests: { cpu: "1000" } };
    const pod = wasmPod("node-one", "huge", {
      nodeName: "node-one",
      containers: [{ name: "main", image, resources }],
    });
    await cluster.apply(pod);
    await waitFor("pod/huge", "jsonpath={.status.phase}=Failed");
    expect(await get("pod huge", "{.status.reason}")).toBe("OutOfcpu");
    await cluster.kubectlOutput(["delete", "pod", "huge"]);
  });
});

describe("the node's API", () => {
  it("gives kubectl the logs of a container: all, the last lines, as they come until it ends, and of the run before", async () => {
    const args = [
      "write(lit:one\n)to(stm:stdout)",
      "write(lit:two\n)to(stm:stderr)",
      "sleep(1500)",
      "exit(3)",
    ];
    const spec = { restartPolicy: "OnFailure", containers: [{ name: "main", image, args }] };
    await cluster.apply(wasmPod("node-one", "talking", spec));
    await waitFor("pod/talking", "jsonpath={.status.phase}=Running");
    const followed = await cluster.kubectlOutput(["logs", "talking", "-f", "--request-timeout=30s"]);
    expect(followed).toContain("one");
    expect(followed).toContain("two");
    await waitFor("pod/talking", "jsonpath={.status.containerStatuses[0].restartCount}=1");
    const previous = await cluster.kubectlOutput([
      "logs",
      "talking",
      "--previous",
      "--timestamps",
      "--tail=1",
    ]);
    expect(previous).toMatch(/^\d{4}-\d\d-\d\dT\S+Z two/u);
    await cluster.kubectlOutput(["delete", "pod", "talking"]);
  });
  it("shows its configuration, its health and its pods to whoever may see them, and nothing to others", async () => {
    const port = await get("node node-one", "{.status.daemonEndpoints.kubeletEndpoint.Port}");
    const api = `https://127.0.0.1:${port}`;
    const admin = await clientCertificateOf(cluster.adminKubeconfig);
    const configz = await answerOf(`${api}/configz`, admin);
    expect(JSON.parse(configz.text)).toMatchObject({
      kubeletconfig: { kind: "KubeletConfiguration", maxPods: 110 },
    });
    expect(await answerOf(`${api}/healthz`, admin)).toEqual({ status: 200, text: "ok" });
    expect((await answerOf(`${api}/pods`, admin)).text).toContain('"kind":"PodList"');
    expect((await answerOf(`${api}/metrics`, admin)).text).toContain("kubelet_running_pods");
    expect((await answerOf(`${api}/pods`)).status).toBe(401);
    const nobody = await clientCertificateOf(await cluster.kubeconfigFor("alice"));
    expect((await answerOf(`${api}/pods`, nobody)).status).toBe(403);
  });
});

describe("a node without a kubeconfig", () => {
  it("gets its certificate with a bootstrap token, and joins", async () => {
    await using home = await temporaryDirectory();
    const kubeconfig = join(home.path, "kubeconfig");
    const args = ["--bootstrap-kubeconfig", await cluster.bootstrapKubeconfig()];
    await using joined = await startNode(cluster, { name: "node-new", kubeconfig, args });
    expect(joined.command.printed()).toContain("the kubeconfig is made");
    expect((await stat(kubeconfig)).mode & 0o777).toBe(0o600);
  });
});

describe("a node that goes down", () => {
  it("says that it is not ready, and ends its pods for good within the time that they are given", async () => {
    await using home = await temporaryDirectory();
    const config = join(home.path, "kubelet.yaml");
    const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
    await writeFile(config, `${head}shutdownGracePeriod: 20s\n`);
    await using down = await startNode(cluster, { name: "node-down", args: ["--config", config] });
    const containers = [{ name: "main", image, args: ["sleep(600000)"] }];
    await cluster.apply(wasmPod("node-down", "doomed", { containers }));
    await waitFor("pod/doomed", "condition=Ready");
    down.command.child.kill("SIGTERM");
    expect((await down.command.finished).code).toBe(0);
    expect(await get("pod doomed", "{.status.phase} {.status.reason}")).toBe("Failed Terminated");
    const ready = "{.status.conditions[?(@.type=='Ready')]}";
    expect(JSON.parse(await get("node node-down", ready))).toMatchObject({
      status: "False",
      message: "node is shutting down",
    });
    await cluster.kubectlOutput(["delete", "pod", "doomed", "--force", "--grace-period=0"]);
  });
});

describe("the log", () => {
  it("holds no token, and names the pod in each line that is about one", async () => {
    await cluster.apply(
      wasmPod("node-one", "logged", { containers: [{ name: "main", image, args: ["exit(0)"] }] }),
    );
    await waitFor("pod/logged", "jsonpath={.status.phase}=Succeeded");
    await cluster.kubectlOutput(["delete", "pod", "logged"]);
    const lines = node.command.printed().trimEnd().split("\n");
    const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(parsed.some(({ pod, container }) => pod === "default/logged" && container === "main")).toBe(true);
    expect(node.command.printed()).not.toMatch(/eyJ[\w-]{10,}\./u);
  });
});

describe("a node whose process is replaced", () => {
  it.each(["SIGTERM", "SIGKILL"] as const)(
    "by %s starts what ran once more, and stays ready",
    async (signal) => {
      const containers = [{ name: "main", image, args: ["sleep(600000)"] }];
      await cluster.apply(wasmPod("node-one", "kept", { restartPolicy: "Always", containers }));
      await waitFor("pod/kept", "condition=Ready");
      await node.restart(signal);
      await waitFor("pod/kept", "jsonpath={.status.containerStatuses[0].restartCount}=1");
      await waitFor("pod/kept", "condition=Ready");
      expect(await get("node node-one", "{.status.conditions[?(@.type=='Ready')].status}")).toBe("True");
      await cluster.kubectlOutput(["delete", "pod", "kept"]);
    },
  );
});

describe("a node that cannot work", () => {
  it("ends with a sentence where the client certificate has expired", async () => {
    const kubeconfig = await cluster.kubeconfigFor("system:node:late", "system:nodes", {
      notAfter: new Date(Date.now() - 1000),
    });
    const ended = await krustlet(["node", "--kubeconfig", kubeconfig, "--node-name", "late"]);
    expect(ended.code).toBe(125);
    expect(ended.stderr).toContain("expired");
    expect(ended.stderr).not.toContain("    at ");
  });
  it("goes on trying where nobody listens, says so, and stops when asked to", async () => {
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "u", user: { token: "abcdef.0123456789abcdef" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    await using command = await start(["node", "--kubeconfig", "k.yaml", "--node-name", "alone"], {
      stdin: "",
      files: { "k.yaml": JSON.stringify(kubeconfig) },
    });
    await command.prints("nothing listens there");
    command.child.kill("SIGTERM");
    const { code, stderr } = await command.finished;
    expect(code).toBe(0);
    expect(stderr).not.toContain("0123456789abcdef");
  });
});
