import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync } from "node:fs";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startCsiDriver } from "@krustlet/testkit";
import { expect, it } from "vitest";

import { csiNode, DRIVER } from "./csi-node.ts";

/** Mounting takes root, and a machine that lets it. */
function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), "mounts "));
  const volume = join(place, "volume");
  mkdirSync(volume);
  try {
    execFileSync("mount", ["--bind", volume, volume], { stdio: "ignore" });
    execFileSync("umount", [volume]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(volume);
    rmdirSync(place);
  }
}

it.skipIf(!canMount())(
  "a volume that its driver says is unpublished, but is mounted still, is not let go of",
  async () => {
    await using node = await csiNode();
    const source = join(node.root, "disk of somebody");
    await mkdir(source);
    await writeFile(join(source, "data"), "precious");
    let lies = true;
    await using _driver = await startCsiDriver({
      name: DRIVER,
      registry: node.registry,
      methods: {
        NodePublishVolume: async ({ target_path }) => {
          await mkdir(String(target_path));
          execFileSync("mount", ["--bind", source, String(target_path)]);
        },
        NodeUnpublishVolume: async ({ target_path }) => {
          if (lies) return;
          execFileSync("umount", [String(target_path)]);
          await rmdir(String(target_path));
        },
      },
    });
    const { path } = await node.csi.publish(node.volumeOf("uid-1"));
    expect(await readFile(join(path, "data"), "utf8")).toBe("precious");
    const unpublish = (): Promise<void> => node.csi.unpublish(node.directoryOf("uid-1"));
    await expect(unpublish()).rejects.toMatchObject({
      code: "VolumeFailed",
      message: `something is still mounted in ${node.directoryOf("uid-1")}, though its CSI driver has unpublished it`,
    });
    lies = false;
    await unpublish();
    expect(await readFile(join(source, "data"), "utf8")).toBe("precious");
  },
);
