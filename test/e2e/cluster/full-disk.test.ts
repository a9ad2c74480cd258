/** The disk that a node keeps everything on fills up, and is emptied again. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Node } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { exerciser, podOf, say } from "./exerciser-pod.ts";
import { inPhase } from "./pod-watch.ts";
import { sharedCluster } from "./shared-cluster.ts";
import { joinNode } from "./test-node.ts";

/** Whether this process may mount; elsewhere there is no small disk to fill. */
const mayMount = spawnSync("unshare", ["--mount", "true"]).status === 0;

async function smallDisk(size: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "krustlet-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], {
    encoding: "utf8",
  });
  if (mounted.status !== 0) throw new Error(mounted.stderr);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      spawnSync("umount", ["--lazy", path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}

describe.skipIf(!mayMount)("a node on a disk that is full", () => {
  test(
    "says so, keeps its heartbeat, fails what cannot be written, and recovers",
    { timeout: 180_000 },
    async () => {
      await using disk = await smallDisk("64m");
      await using node = await joinNode(await sharedCluster(), {
        directory: join(disk.path, "node"),
        // The kubelet holds a pressure for five minutes.
        args: ["--eviction-pressure-transition-period=5s"],
      });
      const pressure = ({ status }: V1Node): string | undefined =>
        status?.conditions?.find(({ type }) => type === "DiskPressure")?.status;
      expect(pressure(await node.object())).toBe("False");

      const filler = join(disk.path, "filler");
      await expect(writeFile(filler, Buffer.alloc(128 * 1024 * 1024))).rejects.toThrow("ENOSPC");
      await expect.poll(async () => pressure(await node.object()), { timeout: 40_000 }).toBe("True");
      await expect
        .poll(async () => (await node.object()).spec?.taints?.map(({ key }) => key), { timeout: 20_000 })
        .toContain("node.kubernetes.io/disk-pressure");
      await rm(filler);
      await expect.poll(async () => pressure(await node.object()), { timeout: 60_000 }).toBe("False");
      await node.create(podOf("afterwards", [exerciser([say("room")])]));
      await node.pods.until("afterwards", "Succeeded", inPhase("Succeeded"), 60_000);
      expect(await node.kubectl(["logs", "afterwards"])).toBe("room");
    },
  );
});
