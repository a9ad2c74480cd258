import type { Cluster } from "@krustlet/control-plane";
import { startRegistry } from "@krustlet/testkit";
import type { TestRegistry } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { sharedCluster } from "./shared-cluster.ts";
import { startNode } from "./start-node.ts";
import type { ClusterNode } from "./start-node.ts";
import { pushExerciser, wasmPod } from "./wasm-pod.ts";

let cluster: Cluster;
let registry: TestRegistry;
let node: ClusterNode;
let image = "";
let followed = "";

/** What a container writes: lines, one after the other. */
const say = (line: string, stream = "stdout"): string => `write(lit:${line}\n)to(stm:${stream})`;

const logs = (...args: readonly string[]): Promise<string> => cluster.kubectlOutput(["logs", ...args]);
const refused = async (...args: readonly string[]): Promise<string> =>
  (await cluster.kubectl(["logs", ...args])).stderr;
const waitFor = (what: string, condition: string): Promise<string> =>
  cluster.kubectlOutput(["wait", what, `--for=${condition}`, "--timeout=40s"]);

/** A Pod with a label of its own name. */
function labelled(name: string, spec: Parameters<typeof wasmPod>[2]): object {
  const pod = wasmPod("node-logs", name, spec) as { readonly metadata: object };
  return { ...pod, metadata: { ...pod.metadata, labels: { app: name } } };
}

beforeAll(async () => {
  cluster = await sharedCluster();
  registry = await startRegistry();
  image = await pushExerciser(registry);
  node = await startNode(cluster, { name: "node-logs", args: ["--container-log-max-size", "1Ki"] });
  const main = [say("one"), say("two", "stderr"), "sleep(1500)", say("three"), say("four"), "sleep(2500)"];
  await cluster.apply(
    labelled("talker", {
      initContainers: [{ name: "setup", image, args: [say("set up")] }],
      containers: [
        { name: "main", image, args: main },
        { name: "side", image, args: [say("beside")] },
      ],
    }),
  );
  await waitFor("pod/talker", "jsonpath={.status.containerStatuses[0].state.running}");
  followed = await logs("talker", "-f", "-c", "main", "--request-timeout=30s");
});
afterAll(async () => {
  await cluster.kubectl(["delete", "pod", "talker", "--ignore-not-found", "--wait=false"]);
  await node[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
});

describe("kubectl logs", () => {
  it("-f has shown every line by the time that the container ended, and ended with it", () => {
    expect(followed).toBe("one\ntwo\nthree\nfour\n");
  });

  it("shows the container that comes first, that of -c, and those that ran before", async () => {
    await expect(logs("talker")).resolves.toBe("one\ntwo\nthree\nfour\n");
    await expect(logs("talker", "-c", "side")).resolves.toBe("beside\n");
    await expect(logs("talker", "-c", "setup")).resolves.toBe("set up\n");
  });

  it("--tail, --limit-bytes, --since and --since-time show a part", async () => {
    await expect(logs("talker", "--tail=2")).resolves.toBe("three\nfour\n");
    await expect(logs("talker", "--tail=0")).resolves.toBe("");
    await expect(logs("talker", "--limit-bytes=6")).resolves.toBe("one\ntw");
    await expect(logs("talker", "--since=1h")).resolves.toBe("one\ntwo\nthree\nfour\n");
    await expect(logs("talker", "--since=1s")).resolves.toBe("");
    const [time] = (await logs("talker", "--timestamps", "--tail=2")).split(" ");
    await expect(logs("talker", `--since-time=${time}`)).resolves.toBe("three\nfour\n");
  });

  it("--timestamps tells when each line was written", async () => {
    const lines = (await logs("talker", "--timestamps")).trimEnd().split("\n");
    expect(lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /u, ""))).toStrictEqual([
      "one",
      "two",
      "three",
      "four",
    ]);
    const [first = "", , third = ""] = lines.map((line) => line.slice(0, 24));
    expect(Date.parse(third) - Date.parse(first)).toBeGreaterThanOrEqual(1400);
  });

  it("--all-containers, by name and by label, shows all of them", async () => {
    for (const which of [["talker"], ["-l", "app=talker"]]) {
      const text = await logs(...which, "--all-containers", "--prefix", "--tail=-1");
      expect(text.trimEnd().split("\n").toSorted()).toStrictEqual([
        "[pod/talker/main] four",
        "[pod/talker/main] one",
        "[pod/talker/main] three",
        "[pod/talker/main] two",
        "[pod/talker/setup] set up",
        "[pod/talker/side] beside",
      ]);
    }
  });

  it("of what there is not says so in the kubelet's words", async () => {
    await expect(refused("talker", "--previous")).resolves.toContain(
      'Error from server (BadRequest): previous terminated container "main" in pod "talker" not found',
    );
    const first = { name: "first", image, args: ["sleep(600000)"] };
    await cluster.apply(
      labelled("waiting", { initContainers: [first], containers: [{ name: "main", image }] }),
      labelled("unpulled", { containers: [{ name: "main", image: `${registry.host}/nothing:v1` }] }),
    );
    await waitFor("pod/waiting", "jsonpath={.status.initContainerStatuses[0].state.running}");
    await expect(refused("waiting", "-c", "main")).resolves.toContain(
      'Error from server (BadRequest): container "main" in pod "waiting" is waiting to start: PodInitializing',
    );
    await waitFor(
      "pod/unpulled",
      "jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff",
    );
    await expect(refused("unpulled")).resolves.toContain(
      'container "main" in pod "unpulled" is waiting to start: trying and failing to pull image',
    );
    await cluster.kubectlOutput(["delete", "pod", "waiting", "unpulled", "--wait=false"]);
  });

  it("--previous shows the run before, while the next one goes on", async () => {
    const args = [say("begin"), "sleep(3000)", say("end"), "exit(1)"];
    await cluster.apply(
      labelled("again", { restartPolicy: "OnFailure", containers: [{ name: "main", image, args }] }),
    );
    await waitFor("pod/again", "jsonpath={.status.containerStatuses[0].restartCount}=1");
    await waitFor("pod/again", "jsonpath={.status.containerStatuses[0].state.running}");
    await expect(logs("again", "--previous")).resolves.toBe("begin\nend\n");
    await expect(logs("again", "-f", "--request-timeout=30s")).resolves.toBe("begin\nend\n");
    await cluster.kubectlOutput(["delete", "pod", "again", "--wait=false"]);
  });

  it("-f ends when its pod is deleted", async () => {
    await cluster.apply(
      labelled("deleted", { containers: [{ name: "main", image, args: [say("alive"), "sleep(600000)"] }] }),
    );
    await waitFor("pod/deleted", "condition=Ready");
    const following = logs("deleted", "-f", "--request-timeout=30s");
    await cluster.kubectlOutput(["delete", "pod", "deleted", "--wait=false"]);
    await expect(following).resolves.toBe("alive\n");
  });

  it("-f shows every line once of a log that is rotated meanwhile, and what is kept can be had afterwards", async () => {
    const lines = Array.from({ length: 60 }, (_, line) => `line ${line} ${"-".repeat(60)}`);
    const args = ["sleep(1500)", ...lines.flatMap((line) => [say(line), "sleep(30)"]), "exit(0)"];
    await cluster.apply(labelled("rotated", { containers: [{ name: "main", image, args }] }));
    await waitFor("pod/rotated", "jsonpath={.status.containerStatuses[0].state.running}");
    const followed = await logs("rotated", "-f", "--request-timeout=30s");
    expect(followed.trimEnd().split("\n")).toStrictEqual(lines);
    const kept = (await logs("rotated")).trimEnd().split("\n");
    expect(kept.length).toBeLessThan(lines.length);
    expect(kept).toStrictEqual(lines.slice(-kept.length));
    await cluster.kubectlOutput(["delete", "pod", "rotated", "--wait=false"]);
  });
});
