/** Krustlet's own integration scenarios, through one module that does what its arguments say. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { buildCncfArtifact, pushArtifact, REGISTRY_LOGIN, startRegistry } from "@krustlet/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import type { TestNode } from "./test-node.ts";
import { joinNode } from "./test-node.ts";
import { demo } from "../krustlet.ts";
import { exerciser, localImage, podOf, say } from "./exerciser-pod.ts";

let node: TestNode;
beforeAll(async () => {
  node = await joinNode(await sharedCluster());
});
afterAll(() => node[Symbol.asyncDispose]());

const succeeds = (name: string): Promise<V1Pod> => node.pods.until(name, "Succeeded", inPhase("Succeeded"));
const fails = (name: string): Promise<V1Pod> => node.pods.until(name, "Failed", inPhase("Failed"));
const log = (...args: readonly string[]): Promise<string> => node.kubectl(["logs", ...args]);
const exitCodeOf = (pod: V1Pod): number | undefined =>
  pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode;

describe("a pod", () => {
  test("is Pending when it is created, and seen Running before it has Succeeded", async () => {
    await node.create(podOf("phases", [exerciser([say("quick")])]));
    await succeeds("phases");
    const phases = node.pods.history("phases").map(({ status }) => status?.phase);
    expect(phases[0]).toBe("Pending");
    expect(phases.filter((phase, index) => phase !== phases[index - 1])).toEqual([
      "Pending",
      "Running",
      "Succeeded",
    ]);
  });

  test("prints its log, and has a Secret, a ConfigMap and a directory of the host mounted", async () => {
    const hostPath = join(node.root, "..", "shared");
    await mkdir(hostPath);
    await node.create(
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "mounts" },
        stringData: { myval: "a cool secret" },
      },
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "mounts" },
        data: { myval: "a cool configmap" },
      },
      podOf(
        "mounts",
        [
          exerciser(
            [
              "read(file:/foo/myval)to(var:secret)",
              "assert_value(var:secret)is(lit:a cool secret)",
              "read(file:/bar/myval)to(var:map)",
              "assert_value(var:map)is(lit:a cool configmap)",
              "write(lit:written)to(file:/baz/note)",
              say("Hello, world!\n"),
            ],
            {
              volumeMounts: [
                { name: "secret-test", mountPath: "/foo" },
                { name: "configmap-test", mountPath: "/bar" },
                { name: "hostpath-test", mountPath: "/baz" },
              ],
            },
          ),
        ],
        {
          volumes: [
            { name: "secret-test", secret: { secretName: "mounts" } },
            { name: "configmap-test", configMap: { name: "mounts" } },
            { name: "hostpath-test", hostPath: { path: hostPath } },
          ],
        },
      ),
    );
    const pod = await succeeds("mounts");
    expect(exitCodeOf(pod)).toBe(0);
    expect(await log("mounts")).toBe("Hello, world!\n");
    expect(await readFile(join(hostPath, "note"), "utf8")).toBe("written");
  });

  test("has every key of a ConfigMap and of a Secret", async () => {
    const data = { mcm1: "value1", mcm2: "value two", mcm5: "VALUE NUMBER FIVE" };
    const stringData = { ms1: "tell nobody", ms2: "but this is a secret", ms3: "was it?" };
    await node.create(
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "multi" }, data },
      { apiVersion: "v1", kind: "Secret", metadata: { name: "multi" }, stringData },
      podOf(
        "multi",
        [
          exerciser(
            [
              ...Object.keys(data).map((key) => `assert_exists(file:/mcm/${key})`),
              ...Object.keys(stringData).map((key) => `assert_exists(file:/ms/${key})`),
              "read(file:/mcm/mcm1)to(var:mcm1)",
              "read(file:/mcm/mcm2)to(var:mcm2)",
              "read(file:/ms/ms1)to(var:ms1)",
              "read(file:/ms/ms2)to(var:ms2)",
              ...["mcm1", "mcm2", "ms1", "ms2"].map((name) => `write(var:${name})to(stm:stdout)`),
            ],
            {
              volumeMounts: [
                { name: "multicm", mountPath: "/mcm" },
                { name: "multisecret", mountPath: "/ms" },
              ],
            },
          ),
        ],
        {
          volumes: [
            { name: "multicm", configMap: { name: "multi" } },
            { name: "multisecret", secret: { secretName: "multi" } },
          ],
        },
      ),
    );
    expect(exitCodeOf(await succeeds("multi"))).toBe(0);
    expect(await log("multi")).toBe("value1value twotell nobodybut this is a secret");
  });

  test("has the keys that are listed, under the names that they are given, and no others", async () => {
    await node.create(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "items" },
        data: { mcm1: "value1", mcm2: "value two", mcm5: "VALUE NUMBER FIVE" },
      },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "items" },
        stringData: { ms1: "one", ms2: "2", ms3: "three" },
      },
      podOf(
        "items",
        [
          exerciser(
            [
              "assert_exists(file:/mcm/mcm1)",
              "assert_not_exists(file:/mcm/mcm2)",
              "assert_not_exists(file:/mcm/mcm5)",
              "assert_exists(file:/mcm/mcm-five)",
              "assert_exists(file:/ms/ms1)",
              "assert_not_exists(file:/ms/ms2)",
              "assert_not_exists(file:/ms/ms3)",
              "assert_exists(file:/ms/ms-three)",
              "read(file:/mcm/mcm-five)to(var:five)",
              "read(file:/ms/ms-three)to(var:three)",
              "write(var:five)to(stm:stdout)",
              "write(var:three)to(stm:stdout)",
            ],
            {
              volumeMounts: [
                { name: "cm", mountPath: "/mcm" },
                { name: "secret", mountPath: "/ms" },
              ],
            },
          ),
        ],
        {
          volumes: [
            {
              name: "cm",
              configMap: {
                name: "items",
                items: [
                  { key: "mcm1", path: "mcm1" },
                  { key: "mcm5", path: "mcm-five" },
                ],
              },
            },
            {
              name: "secret",
              secret: {
                secretName: "items",
                items: [
                  { key: "ms1", path: "ms1" },
                  { key: "ms3", path: "ms-three" },
                ],
              },
            },
          ],
        },
      ),
    );
    expect(exitCodeOf(await succeeds("items"))).toBe(0);
    expect(await log("items")).toBe("VALUE NUMBER FIVEthree");
  });

  test("is given its arguments", async () => {
    const container = { name: "main", image: localImage("hello"), args: ["arg1", "arg2"] };
    await node.create(podOf("arguments", [container]));
    expect(exitCodeOf(await succeeds("arguments"))).toBe(0);
    expect(await log("arguments")).toContain("argument 1: arg1\nargument 2: arg2\n");
  });

  test("has a log for each container", async () => {
    await node.create(
      podOf("logging", [
        exerciser([say("slats")], { name: "floofycat" }),
        exerciser([say("kiki")], { name: "neatcat" }),
      ]),
    );
    await succeeds("logging");
    expect(await log("logging", "--container=floofycat")).toBe("slats");
    expect(await log("logging", "--container=neatcat")).toBe("kiki");
  });

  test("whose module ends with an error has Failed with its exit code, and keeps what it said", async () => {
    await node.create(podOf("error", [exerciser(["assert_exists(file:/nope.nope.txt)"])]));
    const pod = await fails("error");
    expect(exitCodeOf(pod)).toBe(1);
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.reason).toBe("Error");
    expect(await log("error")).toContain("ERR: ");
  });

  test("runs its init containers one after the other, before the others", async () => {
    const mount = { volumeMounts: [{ name: "hp", mountPath: "/hp" }] };
    const hostPath = join(node.root, "..", "init");
    await mkdir(hostPath);
    await node.create(
      podOf(
        "init",
        [
          exerciser(
            [
              "assert_exists(file:/hp/floofycat.txt)",
              "assert_exists(file:/hp/neatcat.txt)",
              "read(file:/hp/floofycat.txt)to(var:cat)",
              "write(var:cat)to(stm:stdout)",
            ],
            mount,
          ),
        ],
        {
          initContainers: [
            exerciser(["write(lit:slats)to(file:/hp/floofycat.txt)"], { name: "init-1", ...mount }),
            exerciser(["assert_exists(file:/hp/floofycat.txt)", "write(lit:kiki)to(file:/hp/neatcat.txt)"], {
              name: "init-2",
              ...mount,
            }),
          ],
          volumes: [{ name: "hp", hostPath: { path: hostPath } }],
        },
      ),
    );
    const { status } = await succeeds("init");
    expect(await log("init", "--container=main")).toBe("slats");
    expect(
      status?.initContainerStatuses?.map(({ name, state }) => [name, state?.terminated?.reason]),
    ).toEqual([
      ["init-1", "Completed"],
      ["init-2", "Completed"],
    ]);
    expect(status?.containerStatuses?.map(({ name }) => name)).toEqual(["main"]);
  });

  test("whose init container fails has Failed; those after it never ran, and its log is there", async () => {
    await node.create(
      podOf("failing-init", [exerciser([say("never")])], {
        initContainers: [
          exerciser(["assert_exists(file:/nope.nope.txt)"], { name: "init-that-fails" }),
          exerciser([say("never")], { name: "init-that-would-succeed-if-it-ran" }),
        ],
      }),
    );
    const { status } = await fails("failing-init");
    expect(status?.initContainerStatuses?.[0]?.state?.terminated).toMatchObject({
      reason: "Error",
      exitCode: 1,
    });
    expect(status?.initContainerStatuses?.[1]?.state?.waiting?.reason).toBe("PodInitializing");
    expect(status?.containerStatuses?.[0]?.state?.waiting?.reason).toBe("PodInitializing");
    expect(await log("failing-init", "--container=init-that-fails")).toContain("ERR: ");
  });

  test("is pulled from a registry that wants a login, with the pull secret that it names", async () => {
    await using registry = await startRegistry({ auth: { by: "basic" } });
    const artifact = buildCncfArtifact(await readFile(demo("exerciser", "build", "exerciser.wasm")));
    await pushArtifact(artifact, {
      url: registry.url,
      repository: "private/exerciser",
      tag: "v1",
      authorization: REGISTRY_LOGIN.authorization,
    });
    const image = `${registry.host}/private/exerciser:v1`;
    const { username, password } = REGISTRY_LOGIN;
    const login = { auths: { [registry.host]: { username, password } } };
    await node.create(
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "registry-creds" },
        type: "kubernetes.io/dockerconfigjson",
        stringData: { ".dockerconfigjson": JSON.stringify(login) },
      },
      podOf("without-login", [exerciser([say("never")], { image })]),
      podOf(
        "private",
        [
          exerciser([say("slats")], { name: "floofycat", image }),
          exerciser([say("kiki")], { name: "neatcat", image }),
        ],
        { imagePullSecrets: [{ name: "registry-creds" }] },
      ),
    );
    await succeeds("private");
    expect(await log("private", "--container=floofycat")).toBe("slats");
    expect(await log("private", "--container=neatcat")).toBe("kiki");
    const events = (): Promise<string> => node.kubectl(["events", "--for", "pod/private"]);
    for (const reason of ["Scheduled", "Pulling", "Pulled", "Created", "Started"])
      await expect.poll(events, { timeout: 15_000 }).toContain(reason);
    const waits = (pod: V1Pod) => pod.status?.containerStatuses?.[0]?.state?.waiting;
    await node.pods.until(
      "without-login",
      "ImagePullBackOff",
      (pod) => waits(pod)?.reason === "ImagePullBackOff",
    );
    const waited = node.pods
      .history("without-login")
      .map(waits)
      .filter((each) => each !== undefined && each.reason !== "ContainerCreating");
    const [failed, backOff] = waited.filter((each, index) => each?.reason !== waited[index - 1]?.reason);
    expect(failed).toEqual({ reason: "ErrImagePull", message: expect.stringContaining(image) });
    expect(backOff).toEqual({
      reason: "ImagePullBackOff",
      message: `Back-off pulling image "${image}": ErrImagePull: ${failed?.message}`,
    });
    const eventsOfPull = (): Promise<string> => node.kubectl(["events", "--for", "pod/without-login"]);
    for (const words of [
      `Failed to pull image "${image}": ${failed?.message}`,
      "Error: ErrImagePull",
      `Back-off pulling image "${image}"`,
      "Error: ImagePullBackOff",
    ])
      await expect.poll(eventsOfPull, { timeout: 15_000 }).toContain(words);
    await node.kubectl(["delete", "pod", "without-login"]);
  });

  test("has a token, a ConfigMap, a Secret and its own fields in one projected volume", async () => {
    await node.create(
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "projected" }, data: { mcm1: "value1" } },
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "projected" },
        stringData: { ms1: "tell nobody" },
      },
      podOf(
        "projected",
        [
          exerciser(
            [
              "assert_exists(file:/projected/token)",
              "read(file:/projected/mcm1)to(var:map)",
              "assert_value(var:map)is(lit:value1)",
              "read(file:/projected/ms1)to(var:secret)",
              "assert_value(var:secret)is(lit:tell nobody)",
              "read(file:/projected/pod_name)to(var:name)",
              "assert_value(var:name)is(lit:projected)",
              "read(file:/projected/token)to(var:token)",
              "write(var:token)to(stm:stdout)",
            ],
            { volumeMounts: [{ name: "projected", mountPath: "/projected" }] },
          ),
        ],
        {
          volumes: [
            {
              name: "projected",
              projected: {
                sources: [
                  {
                    serviceAccountToken: {
                      path: "token",
                      expirationSeconds: 3600,
                      audience: "krustlet-test",
                    },
                  },
                  { configMap: { name: "projected" } },
                  { secret: { name: "projected" } },
                  {
                    downwardAPI: { items: [{ path: "pod_name", fieldRef: { fieldPath: "metadata.name" } }] },
                  },
                ],
              },
            },
          ],
        },
      ),
    );
    const pod = await succeeds("projected");
    const token = await log("projected");
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({
      aud: ["krustlet-test"],
      sub: `system:serviceaccount:${node.namespace}:default`,
      "kubernetes.io": { pod: { name: "projected", uid: pod.metadata?.uid } },
    });
  });
});
