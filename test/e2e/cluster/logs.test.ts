/** kubectl logs in all its forms. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exerciser, podOf } from "./exerciser-pod.ts";
import { hasCondition } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

let node: TestNode;
let followed = "";

/** What a container writes: lines, one after the other. */
const say = (line: string, stream = "stdout"): string => `write(lit:${line}\n)to(stm:${stream})`;
/** A pod of one container. */
const talking = (name: string, args: readonly string[]): V1Pod =>
  podOf(name, [exerciser(args)], { terminationGracePeriodSeconds: 2 });

const logs = (...args: readonly string[]): Promise<string> => node.kubectl(["logs", ...args]);
/** Follows a log; resolves once the first of it was shown. */
async function follow(
  name: string,
): Promise<{ readonly ended: Promise<{ readonly code: number | null; readonly shown: string }> }> {
  const { kubectl, directory } = node.cluster.address;
  const args = ["logs", `--namespace=${node.namespace}`, name, "-f", "--request-timeout=30s"];
  const env = { PATH: process.env["PATH"], HOME: directory, KUBECONFIG: node.cluster.adminKubeconfig };
  const child = spawn(kubectl, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, shown }));
  await once(child.stdout, "data");
  return { ended };
}
const refused = async (...args: readonly string[]): Promise<string> => {
  const asked = ["logs", `--namespace=${node.namespace}`, ...args];
  const { code, stderr } = await node.cluster.kubectl(asked);
  expect(code).toBe(1);
  return stderr;
};
const main = (pod: V1Pod) => pod.status?.containerStatuses?.[0];
const runs = (name: string): Promise<V1Pod> =>
  node.pods.until(name, "running", (pod) => main(pod)?.state?.running !== undefined);

beforeAll(async () => {
  node = await joinNode(await sharedCluster(), { args: ["--container-log-max-size", "1Ki"] });
  const lines = [say("one"), say("two", "stderr"), "sleep(1500)", say("three"), say("four"), "sleep(2500)"];
  await node.create(
    podOf(
      "talker",
      [exerciser(lines), exerciser([say("beside")], { name: "side" })],
      { initContainers: [exerciser([say("set up")], { name: "setup" })] },
      { labels: { app: "talker" } },
    ),
  );
  await runs("talker");
  followed = await logs("talker", "-f", "-c", "main", "--request-timeout=30s");
});
afterAll(() => node[Symbol.asyncDispose]());

describe("kubectl logs", () => {
  test("-f has shown every line by the time that the container ended, and ended with it", () => {
    expect(followed).toBe("one\ntwo\nthree\nfour\n");
  });

  test("shows the container that comes first, that of -c, and those that ran before", async () => {
    await expect(logs("talker")).resolves.toBe("one\ntwo\nthree\nfour\n");
    await expect(logs("talker", "-c", "side")).resolves.toBe("beside\n");
    await expect(logs("talker", "-c", "setup")).resolves.toBe("set up\n");
  });

  test("--tail, --limit-bytes, --since and --since-time show a part", async () => {
    await expect(logs("talker", "--tail=2")).resolves.toBe("three\nfour\n");
    await expect(logs("talker", "--tail=0")).resolves.toBe("");
    await expect(logs("talker", "--limit-bytes=6")).resolves.toBe("one\ntw");
    await expect(logs("talker", "--since=1h")).resolves.toBe("one\ntwo\nthree\nfour\n");
    await expect(logs("talker", "--since=1s")).resolves.toBe("");
    const [time] = (await logs("talker", "--timestamps", "--tail=2")).split(" ");
    await expect(logs("talker", `--since-time=${time}`)).resolves.toBe("three\nfour\n");
  });

  test("--timestamps tells when each line was written", async () => {
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

  test("--all-containers, by name and by label, shows all of them", async () => {
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

  test("of what there is not says so in the kubelet's words", async () => {
    await expect(refused("talker", "--previous")).resolves.toContain(
      'Error from server (BadRequest): previous terminated container "main" in pod "talker" not found',
    );
    await node.create(
      podOf("waiting", [exerciser([])], {
        initContainers: [exerciser(["sleep(600000)"], { name: "first" })],
        terminationGracePeriodSeconds: 0,
      }),
      podOf("unpulled", [{ name: "main", image: "127.0.0.1:1/none:v1" }]),
    );
    await node.pods.until(
      "waiting",
      "initializing",
      ({ status }) => status?.initContainerStatuses?.[0]?.state?.running !== undefined,
    );
    await expect(refused("waiting", "-c", "main")).resolves.toContain(
      'Error from server (BadRequest): container "main" in pod "waiting" is waiting to start: PodInitializing',
    );
    await node.pods.until(
      "unpulled",
      "in ImagePullBackOff",
      (pod) => main(pod)?.state?.waiting?.reason === "ImagePullBackOff",
    );
    await expect(refused("unpulled")).resolves.toContain(
      'container "main" in pod "unpulled" is waiting to start: trying and failing to pull image',
    );
    await node.kubectl(["delete", "pod", "waiting", "unpulled", "--wait=false"]);
  });

  test("--previous shows the run before, while the next one goes on", async () => {
    const args = [say("begin"), "sleep(3000)", say("end"), "exit(1)"];
    await node.create(podOf("again", [exerciser(args)], { restartPolicy: "OnFailure" }));
    await node.pods.until(
      "again",
      "running once more",
      (pod) => main(pod)?.restartCount === 1 && main(pod)?.state?.running !== undefined,
    );
    await expect(logs("again", "--previous")).resolves.toBe("begin\nend\n");
    await expect(logs("again", "--previous", "--timestamps", "--tail=1")).resolves.toMatch(
      /^\d{4}-\d\d-\d\dT\S+Z end\n$/u,
    );
    await expect(logs("again", "-f", "--request-timeout=30s")).resolves.toBe("begin\nend\n");
    await node.kubectl(["delete", "pod", "again", "--wait=false"]);
  });

  test("-f ends when its pod is deleted", async () => {
    await node.create(talking("deleted", [say("alive"), "sleep(600000)"]));
    await node.pods.until("deleted", "Ready", hasCondition("Ready"));
    const following = await follow("deleted");
    await node.kubectl(["delete", "pod", "deleted", "--wait=false"]);
    await expect(following.ended).resolves.toEqual({ code: 0, shown: "alive\n" });
  });

  test("-f shows every line once of a log that is rotated meanwhile, and what is kept can be had afterwards", async () => {
    const lines = Array.from({ length: 60 }, (_, line) => `line ${line} ${"-".repeat(60)}`);
    const args = ["sleep(1500)", ...lines.flatMap((line) => [say(line), "sleep(30)"]), "exit(0)"];
    await node.create(talking("rotated", args));
    await runs("rotated");
    const followed = await logs("rotated", "-f", "--request-timeout=30s");
    expect(followed.trimEnd().split("\n")).toStrictEqual(lines);
    const kept = (await logs("rotated")).trimEnd().split("\n");
    expect(kept.length).toBeLessThan(lines.length);
    expect(kept).toStrictEqual(lines.slice(-kept.length));
    await node.kubectl(["delete", "pod", "rotated", "--wait=false"]);
  });
});
