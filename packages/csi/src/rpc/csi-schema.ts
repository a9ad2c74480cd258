import type { Schema } from "./connect.ts";

const text = (id: number) => ({ type: "string", id });
const map = (id: number) => ({ keyType: "string", type: "string", id });
const method = (name: string) => ({
  [name]: { requestType: `${name}Request`, responseType: `${name}Response` },
});

/** What of the Container Storage Interface 1.x a node asks; `.csi.v1` in its field numbers. */
const TYPES: Schema["types"] = {
  nested: {
    csi: {
      nested: {
        v1: {
          nested: {
            Identity: { methods: { ...method("GetPluginInfo"), ...method("Probe") } },
            Node: {
              methods: {
                ...method("NodeGetInfo"),
                ...method("NodeGetCapabilities"),
                ...method("NodeStageVolume"),
                ...method("NodeUnstageVolume"),
                ...method("NodePublishVolume"),
                ...method("NodeUnpublishVolume"),
              },
            },
            BoolValue: { fields: { value: { type: "bool", id: 1 } } },
            Topology: { fields: { segments: map(1) } },
            VolumeCapability: {
              fields: { mount: { type: "MountVolume", id: 2 }, access_mode: { type: "AccessMode", id: 3 } },
            },
            MountVolume: { fields: { fs_type: text(1), mount_flags: { rule: "repeated", ...text(2) } } },
            AccessMode: { fields: { mode: { type: "int32", id: 1 } } },
            NodeServiceCapability: { fields: { rpc: { type: "CapabilityRpc", id: 1 } } },
            CapabilityRpc: { fields: { type: { type: "int32", id: 1 } } },
            GetPluginInfoRequest: { fields: {} },
            GetPluginInfoResponse: { fields: { name: text(1), vendor_version: text(2) } },
            ProbeRequest: { fields: {} },
            ProbeResponse: { fields: { ready: { type: "BoolValue", id: 1 } } },
            NodeGetInfoRequest: { fields: {} },
            NodeGetInfoResponse: {
              fields: {
                node_id: text(1),
                max_volumes_per_node: { type: "int64", id: 2 },
                accessible_topology: { type: "Topology", id: 3 },
              },
            },
            NodeGetCapabilitiesRequest: { fields: {} },
            NodeGetCapabilitiesResponse: {
              fields: { capabilities: { rule: "repeated", type: "NodeServiceCapability", id: 1 } },
            },
            NodeStageVolumeRequest: {
              fields: {
                volume_id: text(1),
                publish_context: map(2),
                staging_target_path: text(3),
                volume_capability: { type: "VolumeCapability", id: 4 },
                secrets: map(5),
                volume_context: map(6),
              },
            },
            NodeStageVolumeResponse: { fields: {} },
            NodeUnstageVolumeRequest: { fields: { volume_id: text(1), staging_target_path: text(2) } },
            NodeUnstageVolumeResponse: { fields: {} },
            NodePublishVolumeRequest: {
              fields: {
                volume_id: text(1),
                publish_context: map(2),
                staging_target_path: text(3),
                target_path: text(4),
                volume_capability: { type: "VolumeCapability", id: 5 },
                readonly: { type: "bool", id: 6 },
                secrets: map(7),
                volume_context: map(8),
              },
            },
            NodePublishVolumeResponse: { fields: {} },
            NodeUnpublishVolumeRequest: { fields: { volume_id: text(1), target_path: text(2) } },
            NodeUnpublishVolumeResponse: { fields: {} },
          },
        },
      },
    },
  },
};

/** Who a driver is: `csi.v1.Identity`. */
export const IDENTITY: Schema = { service: "csi.v1.Identity", types: TYPES };

/** What it does on a node: `csi.v1.Node`. */
export const NODE: Schema = { service: "csi.v1.Node", types: TYPES };
