/** What a node is told wrongly about its cluster: one sentence, and an exit code where it can never work. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "@krustlet/control-plane";
import { beforeAll, describe, expect, test } from "vitest";
import { expectOneSentence } from "../expect-one-sentence.ts";
import { krustlet, start, temporaryDirectory } from "../krustlet.ts";
import { sharedCluster } from "./shared-cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await sharedCluster();
});

const nodeArgs = (kubeconfig: string): readonly string[] => [
  "node",
  "--node-name=bad",
  `--kubeconfig=${kubeconfig}`,
  "--port=0",
  "--healthz-port=0",
];

describe("krustlet node", () => {
  test("ends at once with a kubeconfig that is none", async () => {
    await using home = await temporaryDirectory();
    const kubeconfig = join(home.path, "kubeconfig");
    await writeFile(kubeconfig, "clusters: [");
    expectOneSentence(await krustlet(nodeArgs(kubeconfig), { home: home.path }), kubeconfig);
  });

  test("ends at once without a kubeconfig to join by", async () => {
    await using home = await temporaryDirectory();
    const missing = join(home.path, "none");
    const args = [...nodeArgs(missing), `--bootstrap-kubeconfig=${missing}-either`];
    expectOneSentence(await krustlet(args, { home: home.path }), missing);
  });

  test("ends at once with a certificate that is over", async () => {
    const notAfter = new Date(Date.now() - 60_000);
    const ended = await krustlet(nodeArgs(await cluster.nodeKubeconfig("bad", { notAfter })));
    expect(ended.code).toBe(125);
    expectOneSentence(ended, "expired");
  });

  test("says that nobody listens, goes on trying, tells no token, and stops when it is asked to", async () => {
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
      users: [{ name: "u", user: { token: "abcdef.0123456789abcdef" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    await using command = await start(nodeArgs("k.yaml"), {
      stdin: "",
      files: { "k.yaml": JSON.stringify(kubeconfig) },
    });
    await command.prints("nothing listens there");
    expect(command.printed()).toContain("127.0.0.1:1");
    expect(command.child.exitCode).toBeNull();
    command.child.kill("SIGTERM");
    const { code, stderr } = await command.finished;
    expect(code).toBe(0);
    expect(command.printed()).not.toMatch(/^\s+at /m);
    expect(command.printed()).not.toContain("0123456789abcdef");
    expect(stderr).not.toContain("0123456789abcdef");
  });
});
