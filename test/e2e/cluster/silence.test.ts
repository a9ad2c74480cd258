/** Connections that stay open and on which nothing comes any more: noticed after a minute and a half, which is all that passes here. */
import { startFaultProxy } from "@krustlet/control-plane";
import { expect, test } from "vitest";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import { joinNode } from "./test-node.ts";

test("a watch that goes silent is noticed", { timeout: 180_000 }, async () => {
  const cluster = await sharedCluster();
  await using proxy = await startFaultProxy(cluster.address);
  await using node = await joinNode(cluster, { server: proxy.server });
  expect(proxy.silenceWatches()).toBeGreaterThan(0);
  await node.create(podOf("silence", [exerciser([say("heard")])]));
  await node.pods.until("silence", "Succeeded", inPhase("Succeeded"), 150_000);
});
