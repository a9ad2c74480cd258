import { randomUUID, X509Certificate } from "node:crypto";
import type { Cluster, ControlPlane } from "@krustlet/control-plane";
import { startControlPlane, startFaultProxy } from "@krustlet/control-plane";
import { eventually } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { certificateRequest } from "./certificate-request.ts";
import { sharedCluster } from "./shared-cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await sharedCluster();
});

describe("the control plane", () => {
  test("is of the version that was built, on both sides of kubectl", async () => {
    const version = JSON.parse(await cluster.kubectlOutput(["version", "--output=json"]));
    expect(version.serverVersion.gitVersion).toMatch(/^v1\.\d+\.\d+$/);
    expect(version.clientVersion.gitVersion).toBe(version.serverVersion.gitVersion);
  });

  test("schedules a pod as soon as a node is there for it", async () => {
    const name = `n-${randomUUID()}`;
    const kubeconfig = await cluster.nodeKubeconfig(name);
    await cluster.kubectlOutput(["create", "-f", "-"], { kubeconfig, stdin: JSON.stringify(nodeOf(name)) });
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default" },
      spec: {
        nodeSelector: { "kubernetes.io/hostname": name },
        tolerations: [{ operator: "Exists" }],
        containers: [{ name: "main", image: "example.com/never:1" }],
      },
    };
    await cluster.apply(pod);
    const wait = ["wait", `pod/${name}`, "--for=jsonpath={.spec.nodeName}", "--timeout=30s"];
    expect(await cluster.kubectlOutput(wait)).toBe(`pod/${name} condition met\n`);
    await cluster.kubectlOutput(["delete", `pod/${name}`, `node/${name}`, "--force", "--grace-period=0"]);
  });

  test("gives the bearer of a bootstrap token a node's certificate, by itself", async () => {
    const kubeconfig = await cluster.bootstrapKubeconfig();
    const request = certificateRequest(`system:node:${randomUUID()}`);
    const name = request.metadata.name;
    await cluster.kubectlOutput(["create", "-f", "-"], { kubeconfig, stdin: JSON.stringify(request) });
    const wait = ["wait", `csr/${name}`, "--for=jsonpath={.status.certificate}", "--timeout=30s"];
    await cluster.kubectlOutput(wait);
    const look = ["get", `csr/${name}`, "--output=jsonpath={.status.certificate}"];
    const certificate = Buffer.from(await cluster.kubectlOutput(look), "base64");
    expect(new X509Certificate(certificate).subject).toMatch(/^O=system:nodes\nCN=system:node:/);
  });

  test("lets a node do no more than a node may", async () => {
    const kubeconfig = await cluster.nodeKubeconfig("some-node");
    const { stdout } = await cluster.kubectl(["auth", "whoami", "--output=json"], { kubeconfig });
    expect(JSON.parse(stdout).status.userInfo).toMatchObject({
      username: "system:node:some-node",
      groups: ["system:nodes", "system:authenticated"],
    });
    const { code, stderr } = await cluster.kubectl(["get", "secrets", "--namespace=kube-system"], {
      kubeconfig,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('User "system:node:some-node" cannot list resource "secrets"');
  });
});

describe("its parts", () => {
  let own: ControlPlane;
  beforeAll(async () => {
    own = await startControlPlane();
  });
  afterAll(() => own[Symbol.asyncDispose]());

  test("an API server that was stopped, or killed, comes back on its port with all it had", async () => {
    await own.kubectlOutput(["create", "namespace", "kept"]);
    await own.apiServer.stop();
    expect(own.apiServer.pid).toBeUndefined();
    expect((await own.kubectl(["get", "namespace", "kept"])).stderr).toContain("refused");
    await own.apiServer.start();
    await own.apiServer.kill();
    await own.apiServer.start();
    expect(await own.kubectlOutput(["get", "namespace", "kept", "--output=name"])).toBe("namespace/kept\n");
  });

  test("an etcd whose clock stands still makes the API server slow, and not forgetful", async () => {
    await own.etcd.pause();
    let created: string | undefined;
    const creating = own.kubectlOutput(["create", "namespace", "late"]).then((said) => (created = said));
    expect((await own.kubectl(["get", "namespace", "default", "--request-timeout=1s"])).code).toBe(1);
    expect(created).toBeUndefined();
    own.etcd.resume();
    expect(await creating).toBe("namespace/late created\n");
  });

  test("a part that does not start says which, why, and what it said last", async () => {
    const failing = startControlPlane({ args: { "kube-scheduler": ["--no-such-flag"] } });
    await expect(failing).rejects.toThrow(
      /^kube-scheduler did not start: it ended with 1\. The end of \S+kube-scheduler\.log:\n(?:.*\n)*.*unknown flag: --no-such-flag/,
    );
  });
});

describe("the proxy", () => {
  test("passes on who somebody is, so that everybody keeps their rights", async () => {
    await using proxy = await startFaultProxy(cluster.address);
    const kubeconfig = await cluster.nodeKubeconfig("n", { server: proxy.server });
    const { stdout } = await cluster.kubectl(["auth", "whoami", "--output=json"], { kubeconfig });
    expect(JSON.parse(stdout).status.userInfo).toMatchObject({
      username: "system:node:n",
      groups: ["system:nodes", "system:authenticated"],
    });
    const token = await cluster.bootstrapKubeconfig({ server: proxy.server });
    const bearer = await cluster.kubectl(["auth", "whoami", "--output=json"], { kubeconfig: token });
    expect(JSON.parse(bearer.stdout).status.userInfo.username).toMatch(/^system:bootstrap:/);
  });

  test("does not believe a certificate whose time is over", async () => {
    await using proxy = await startFaultProxy(cluster.address);
    const kubeconfig = await cluster.kubeconfigFor("late", "system:masters", {
      server: proxy.server,
      notAfter: new Date(Date.now() - 1000),
    });
    const { code, stderr } = await cluster.kubectl(["get", "namespaces"], { kubeconfig });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Unauthorized|must be logged in|provide credentials/);
  });

  test("answers the n-th request that matches with a fault, and passes on the others", async () => {
    await using proxy = await startFaultProxy(cluster.address);
    const kubeconfig = await cluster.kubeconfigFor("admin", "system:masters", { server: proxy.server });
    using rule = proxy.rule({
      match: ({ method, path }) => method === "GET" && path === "/api/v1/namespaces/default",
      nth: (count) => count === 2,
      fault: { kind: "answer", status: 409, message: "not now" },
    });
    const look = (): ReturnType<Cluster["kubectl"]> =>
      cluster.kubectl(["get", "namespace", "default", "--output=name"], { kubeconfig });
    expect((await look()).stdout).toBe("namespace/default\n");
    expect((await look()).stderr).toContain("not now");
    expect((await look()).stdout).toBe("namespace/default\n");
    expect([rule.matched, rule.hits]).toEqual([3, 1]);
    const looks = proxy.requests.filter(({ path }) => path === "/api/v1/namespaces/default");
    expect(looks.map(({ status, user }) => [status, user])).toEqual([
      [200, "admin"],
      [409, "admin"],
      [200, "admin"],
    ]);
  });

  test("a client that is told when to come again comes again", async () => {
    await using proxy = await startFaultProxy(cluster.address);
    const kubeconfig = await cluster.kubeconfigFor("admin", "system:masters", { server: proxy.server });
    using rule = proxy.rule({
      match: ({ path }) => path === "/api/v1/namespaces/default",
      nth: (count) => count === 1,
      fault: { kind: "answer", status: 429, retryAfterSeconds: 1 },
    });
    const { stdout } = await cluster.kubectl(["get", "namespace", "default", "--output=name"], {
      kubeconfig,
    });
    expect(stdout).toBe("namespace/default\n");
    expect([rule.matched, rule.hits]).toEqual([2, 1]);
  });

  test("cuts watches, and is as gone as the API server would be", async () => {
    await using proxy = await startFaultProxy(cluster.address);
    const kubeconfig = await cluster.kubeconfigFor("admin", "system:masters", { server: proxy.server });
    const watching = cluster.kubectl(["get", "namespaces", "--watch", "--output=name"], { kubeconfig });
    let cut = 0;
    await eventually(
      () => (cut = proxy.cutWatches()) > 0,
      () => "kubectl never watched",
    );
    expect(cut).toBe(1);
    // kubectl does not watch again by itself.
    expect((await watching).stdout).toContain("namespace/default");
    await proxy.down();
    expect((await cluster.kubectl(["get", "--raw=/livez"], { kubeconfig })).stderr).toContain("refused");
    await proxy.up();
    expect((await cluster.kubectl(["get", "--raw=/livez"], { kubeconfig })).stdout).toBe("ok");
  });

  test("can lose the answer to what the API server has done", async () => {
    await using proxy = await startFaultProxy(cluster.address);
    const kubeconfig = await cluster.kubeconfigFor("admin", "system:masters", { server: proxy.server });
    const name = `ns-${randomUUID()}`;
    using _rule = proxy.rule({
      match: ({ method, path }) => method === "POST" && path === "/api/v1/namespaces",
      fault: { kind: "cut", when: "answered" },
    });
    expect((await cluster.kubectl(["create", "namespace", name], { kubeconfig })).code).toBe(1);
    expect(await cluster.kubectlOutput(["get", "namespace", name, "--output=name"])).toBe(
      `namespace/${name}\n`,
    );
    await cluster.kubectlOutput(["delete", "namespace", name, "--wait=false"]);
  });
});

/** A node that only says that it is there. */
function nodeOf(name: string): object {
  const quantities = { cpu: "1", memory: "1Gi", pods: "10", "ephemeral-storage": "1Gi" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels: { "kubernetes.io/hostname": name } },
    status: {
      capacity: quantities,
      allocatable: quantities,
      conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "" }],
    },
  };
}
