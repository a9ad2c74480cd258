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

  test("says that its certificate is over", async () => {
    const kubeconfig = await cluster.nodeKubeconfig("bad", { notAfter: new Date(Date.now() - 60_000) });
    await using command = await start(nodeArgs(kubeconfig));
    await expect.poll(() => command.printed(), { timeout: 20_000 }).toMatch(/certificate.*(expired|over)/i);
  });

  test("says that an API server cannot be reached, and goes on trying", async () => {
    const kubeconfig = await cluster.nodeKubeconfig("bad", { server: "https://127.0.0.1:1" });
    await using command = await start(nodeArgs(kubeconfig));
    await command.prints("127.0.0.1:1");
    expect(command.child.exitCode).toBeNull();
    expect(command.printed()).not.toMatch(/^\s+at /m);
  });
});
