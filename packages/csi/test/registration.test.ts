import { eventually, startCsiDriver } from "@krustlet/testkit";
import { describe, expect, it } from "vitest";

import { mountsBeneath } from "../src/mounted-beneath.ts";
import { csiNode, DRIVER } from "./csi-node.ts";

describe("a plugin's socket in the registry", () => {
  it("makes its driver one of the node, which the CSINode and the Node's labels tell", async () => {
    await using node = await csiNode();
    const methods = {
      NodeGetInfo: () => ({
        node_id: "n-1",
        max_volumes_per_node: 7,
        accessible_topology: { segments: { "topology.example/zone": "a" } },
      }),
    };
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry, methods });
    await eventually(
      () => node.registered.includes(DRIVER),
      () => `not registered: ${node.failures.join()}`,
    );
    expect(node.csiNode()).toEqual({
      apiVersion: "storage.k8s.io/v1",
      kind: "CSINode",
      metadata: {
        name: "edge-1",
        ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "edge-1", uid: "node-uid" }],
      },
      spec: {
        drivers: [
          {
            name: DRIVER,
            nodeID: "n-1",
            topologyKeys: ["topology.example/zone"],
            allocatable: { count: 7 },
          },
        ],
      },
    });
    expect(node.labels).toEqual({ "topology.example/zone": "a" });
    const told = driver.calls.find(({ method }) => method === "NotifyRegistrationStatus");
    expect(told?.request).toEqual({ plugin_registered: true, error: "" });
  });

  it("that vanishes takes its driver away, from the CSINode too", async () => {
    await using node = await csiNode(undefined, { waitMs: { publish: 0, unpublish: 0 } });
    await using driver = await startCsiDriver({ name: DRIVER, registry: node.registry });
    await eventually(
      () => node.registered.length === 1,
      () => "not registered",
    );
    await driver.unregister();
    await eventually(
      () => node.csiNode()?.spec?.drivers?.length === 0,
      () => "still in the CSINode",
    );
    await expect(node.csi.publish(node.volumeOf("uid-1"))).rejects.toMatchObject({
      message: `driver name ${DRIVER} not found in the list of registered CSI drivers`,
      retryable: true,
    });
  });

  it("keeps its driver in the CSINode when the node's process ends", async () => {
    await using node = await csiNode();
    await using _driver = await startCsiDriver({ name: DRIVER, registry: node.registry });
    await eventually(
      () => node.registered.length === 1,
      () => "not registered",
    );
    node.again();
    await eventually(
      () => node.registered.length === 2,
      () => "not registered again",
    );
    expect(node.csiNode()?.spec?.drivers).toHaveLength(1);
  });
});

describe("what is mounted", () => {
  it("is found at a directory and beneath it, and not beside it", () => {
    const lines = ["/a", "/a/b\\040c", "/ab", "/"].map((place) => `1 2 0:3 / ${place} rw - tmpfs none rw`);
    expect(mountsBeneath(lines.join("\n"), "/a")).toEqual(["/a", "/a/b c"]);
  });
});
