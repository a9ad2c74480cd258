/** Pull policies and pull secrets, against a real registry. */
import { readFile } from "node:fs/promises";
import type { Artifact } from "@krustlet/testkit";
import { buildCncfArtifact, pushArtifact, REGISTRY_LOGIN, startRegistry } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demo } from "../krustlet.ts";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";

let node: TestNode;
beforeAll(async () => {
  node = await joinNode(await sharedCluster());
});
afterAll(() => node[Symbol.asyncDispose]());

const artifactOf = async (name: string): Promise<Artifact> =>
  buildCncfArtifact(await readFile(demo(name, "build", `${name}.wasm`)));

describe("an image", () => {
  test("whose tag has moved is another one to Always, and the same to IfNotPresent", async () => {
    await using registry = await startRegistry();
    const target = { url: registry.url, repository: "moving", tag: "v1" };
    const image = `${registry.host}/moving:v1`;
    const run = async (name: string, imagePullPolicy: string): Promise<string> => {
      await node.create(podOf(name, [{ name: "main", image, imagePullPolicy, args: [say("exerciser")] }]));
      await node.pods.until(name, "over", ({ status }) => /Succeeded|Failed/.test(status?.phase ?? ""));
      return node.kubectl(["logs", name]);
    };
    await pushArtifact(await artifactOf("exerciser"), target);
    expect(await run("first", "IfNotPresent")).toBe("exerciser");
    await pushArtifact(await artifactOf("hello"), target);
    expect(await run("kept", "IfNotPresent")).toBe("exerciser");
    expect(await run("kept-never", "Never")).toBe("exerciser");
    expect(await run("moved", "Always")).toContain("Hello from AssemblyScript!");
    const id = async (name: string): Promise<string> =>
      node.kubectl(["get", "pod", name, "--output=jsonpath={.status.containerStatuses[0].imageID}"]);
    expect(await id("kept")).toBe(await id("first"));
    expect(await id("moved")).not.toBe(await id("first"));
  });

  test("runs with its registry gone, where it is there already and need not be pulled", async () => {
    const registry = await startRegistry();
    await pushArtifact(await artifactOf("exerciser"), { url: registry.url, repository: "gone", tag: "v1" });
    const image = `${registry.host}/gone:v1`;
    await node.create(podOf("pulls", [exerciser([say("pulled")], { image })]));
    await node.pods.until("pulls", "Succeeded", inPhase("Succeeded"));
    await registry[Symbol.asyncDispose]();
    await node.create(
      podOf("needs-not", [exerciser([say("there")], { image, imagePullPolicy: "IfNotPresent" })]),
      podOf("must", [exerciser([say("never")], { image, imagePullPolicy: "Always" })]),
    );
    await node.pods.until("needs-not", "Succeeded", inPhase("Succeeded"));
    const pod = await node.pods.until(
      "must",
      "in ImagePullBackOff",
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === "ImagePullBackOff",
    );
    expect(pod.status?.phase).toBe("Pending");
    await node.kubectl(["delete", "pod", "must"]);
  });

  test("is pulled with the pull secrets of its pod's service account", async () => {
    await using registry = await startRegistry({ auth: { by: "basic" } });
    const { authorization, username, password } = REGISTRY_LOGIN;
    await pushArtifact(await artifactOf("exerciser"), {
      url: registry.url,
      repository: "p",
      tag: "v1",
      authorization,
    });
    await node.create(
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "of-account" },
        type: "kubernetes.io/dockerconfigjson",
        stringData: {
          ".dockerconfigjson": JSON.stringify({ auths: { [registry.host]: { username, password } } }),
        },
      },
      {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "puller" },
        imagePullSecrets: [{ name: "of-account" }],
      },
    );
    const image = `${registry.host}/p:v1`;
    await node.create(
      podOf("by-account", [exerciser([say("in")], { image })], { serviceAccountName: "puller" }),
    );
    await node.pods.until("by-account", "Succeeded", inPhase("Succeeded"));
    expect(await node.kubectl(["logs", "by-account"])).toBe("in");
  });
});
