/** Pods of the node's own manifests, which the API server only shows. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { V1Pod } from "@kubernetes/client-node";
import { startFaultProxy } from "@krustlet/control-plane";
import type { Cluster } from "@krustlet/control-plane";
import { expect, test } from "vitest";

import { krustlet, start, temporaryDirectory } from "../krustlet.ts";
import { freePort } from "../loopback.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { hasCondition, watchPods } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import { joinNode } from "./test-node.ts";

const SLEEP = "sleep(3600000)";

test("a static pod runs, is shown by a mirror that comes back, and survives a restart of the node", async () => {
  const directory = await mkdtemp(join(tmpdir(), "krustlet-static-"));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const manifests = join(directory, "manifests");
  await mkdir(manifests);
  await using node = await joinNode(await sharedCluster(), { args: [`--pod-manifest-path=${manifests}`] });
  const name = `static-${node.name}`;
  const put = async (text: string): Promise<void> => {
    const spec = { restartPolicy: "Always" };
    const { namespace } = node;
    const pod = podOf("static", [exerciser([say(text), SLEEP])], spec, { namespace });
    await writeFile(join(directory, "static.json"), JSON.stringify(pod));
    await rename(join(directory, "static.json"), join(manifests, "static.json"));
  };
  const shown = async (): Promise<V1Pod> =>
    JSON.parse(await node.kubectl(["get", "pod", name, "--output=json"])) as V1Pod;

  await put("one\n");
  await node.pods.until(name, "Ready", hasCondition("Ready"));
  const first = await shown();
  expect(first.metadata?.annotations).toMatchObject({ "kubernetes.io/config.source": "file" });
  expect(first.metadata?.ownerReferences).toMatchObject([{ kind: "Node", name: node.name }]);
  await expect.poll(() => node.kubectl(["logs", name]), { timeout: 10_000 }).toBe("one\n");

  // Somebody deletes the mirror: the pod goes on, and is shown again.
  await node.kubectl(["delete", "pod", name, "--wait=false"]);
  const again = await node.pods.until(
    name,
    "another mirror that is Ready",
    (pod) => pod.metadata?.uid !== first.metadata?.uid && hasCondition("Ready")(pod),
  );
  expect(again.status?.containerStatuses).toMatchObject([
    { restartCount: 0, containerID: first.status?.containerStatuses?.[0]?.containerID },
  ]);

  // The node's process is killed: the same pod, the same mirror, one restart further.
  await node.process.kill();
  await node.process.start();
  const restarted = await node.pods.until(
    name,
    "running again",
    (pod) => pod.status?.containerStatuses?.[0]?.restartCount === 1 && hasCondition("Ready")(pod),
  );
  expect(restarted.metadata?.uid).toBe(again.metadata?.uid);

  // Another manifest is another pod, and another mirror.
  await put("two\n");
  await node.pods.until(
    name,
    "a mirror of the new version",
    (pod) => pod.metadata?.uid !== restarted.metadata?.uid && hasCondition("Ready")(pod),
  );
  await expect.poll(() => node.kubectl(["logs", name]), { timeout: 10_000 }).toBe("two\n");

  await rm(join(manifests, "static.json"));
  await node.pods.untilGone(name);
});

test.each([
  ["a kubeconfig", "the API server cannot be used yet"],
  ["a bootstrap token alone", "the client certificate cannot be had yet"],
])(
  "with %s, a static pod runs before there is an API server, which shows it once it is there",
  async (credentials, waiting) => {
    const cluster = await sharedCluster();
    await using proxy = await startFaultProxy(cluster.address);
    await proxy.down();
    await using home = await temporaryDirectory();
    const manifests = join(home.path, "manifests");
    await mkdir(manifests);
    const args = [say("one\n"), "sleep(500)", say("two\n"), SLEEP];
    const pod = podOf("early", [exerciser(args)], { restartPolicy: "Always" });
    await writeFile(join(manifests, "early.json"), JSON.stringify(pod));
    const healthz = await freePort();
    const nodeName = `n-${healthz}`;
    const { server } = proxy;
    const kubeconfig =
      credentials === "a kubeconfig"
        ? [`--kubeconfig=${await cluster.nodeKubeconfig(nodeName, { server })}`]
        : [
            `--bootstrap-kubeconfig=${await bootstrapFile(cluster, server, home.path)}`,
            `--kubeconfig=${join(home.path, "kubeconfig")}`,
          ];
    await using node = await start(
      [
        "node",
        `--node-name=${nodeName}`,
        `--hostname=${nodeName}`,
        ...kubeconfig,
        `--pod-manifest-path=${manifests}`,
        `--healthz-port=${healthz}`,
        "--node-ip=127.0.0.1",
        "--address=127.0.0.1",
        "--port=0",
        "--x-allow-local-modules",
      ],
      { home: home.path },
    );
    const name = `early-${nodeName}`;
    await node.prints(waiting);
    const logs = join(home.path, "root", "logs", "pods");
    const logged = async (): Promise<string> => {
      const [directory = ""] = (await readdir(logs)).filter((each) => each.startsWith(`default_${name}_`));
      return readFile(join(logs, directory, "main", "0.log"), "utf8");
    };
    await expect.poll(logged, { timeout: 10_000 }).toMatch(/ F one\n.* F two\n$/su);
    expect(await (await fetch(`http://127.0.0.1:${healthz}/healthz`)).text()).toBe("ok");

    await using pods = watchPods(cluster, "default");
    await proxy.up();
    const shown = await pods.until(name, "shown, Ready", hasCondition("Ready"), 60_000);
    expect(shown.metadata?.ownerReferences).toMatchObject([{ kind: "Node", name: nodeName }]);
    // It is the very run that began without an API server.
    expect(shown.status?.containerStatuses).toMatchObject([{ restartCount: 0 }]);
    expect(await logged()).toMatch(/ F one\n.* F two\n$/su);

    await rm(join(manifests, "early.json"));
    await pods.untilGone(name);
    node.child.kill("SIGTERM");
    expect((await node.finished).code).toBe(0);
    await cluster.kubectlOutput(["delete", `node/${nodeName}`]);
  },
);

/** A bootstrap token's kubeconfig that leads to `server`. */
async function bootstrapFile(cluster: Cluster, server: string, directory: string): Promise<string> {
  const file = join(directory, "bootstrap.conf");
  const made = await krustlet(["bootstrap", "--kubeconfig", cluster.adminKubeconfig, "--file", file]);
  expect(made).toMatchObject({ code: 0 });
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(/server: .*/u, `server: ${server}`));
  return file;
}
