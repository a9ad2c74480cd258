/** The parts of CSI 1.x and of the kubelet's plugin registration that a driver of the tests serves, as text. */
export const CSI_PROTOCOL = `
syntax = "proto3";
package csi.v1;
message BoolValue { bool value = 1; }
message Empty {}
message PluginInfo { string name = 1; string vendor_version = 2; }
message Probed { BoolValue ready = 1; }
message Topology { map<string, string> segments = 1; }
message NodeInfo { string node_id = 1; int64 max_volumes_per_node = 2; Topology accessible_topology = 3; }
message Rpc { int32 type = 1; }
message Capability { Rpc rpc = 1; }
message Capabilities { repeated Capability capabilities = 1; }
message Mount { string fs_type = 1; repeated string mount_flags = 2; }
message AccessMode { int32 mode = 1; }
message VolumeCapability { Mount mount = 2; AccessMode access_mode = 3; }
message Stage {
  string volume_id = 1;
  map<string, string> publish_context = 2;
  string staging_target_path = 3;
  VolumeCapability volume_capability = 4;
  map<string, string> secrets = 5;
  map<string, string> volume_context = 6;
}
message Unstage { string volume_id = 1; string staging_target_path = 2; }
message Publish {
  string volume_id = 1;
  map<string, string> publish_context = 2;
  string staging_target_path = 3;
  string target_path = 4;
  VolumeCapability volume_capability = 5;
  bool readonly = 6;
  map<string, string> secrets = 7;
  map<string, string> volume_context = 8;
}
message Unpublish { string volume_id = 1; string target_path = 2; }
service Identity {
  rpc GetPluginInfo (Empty) returns (PluginInfo);
  rpc Probe (Empty) returns (Probed);
}
service Node {
  rpc NodeGetInfo (Empty) returns (NodeInfo);
  rpc NodeGetCapabilities (Empty) returns (Capabilities);
  rpc NodeStageVolume (Stage) returns (Empty);
  rpc NodeUnstageVolume (Unstage) returns (Empty);
  rpc NodePublishVolume (Publish) returns (Empty);
  rpc NodeUnpublishVolume (Unpublish) returns (Empty);
}
`;

export const REGISTRATION_PROTOCOL = `
syntax = "proto3";
package pluginregistration;
message InfoRequest {}
message PluginInfo {
  string type = 1;
  string name = 2;
  string endpoint = 3;
  repeated string supported_versions = 4;
}
message RegistrationStatus { bool plugin_registered = 1; string error = 2; }
message RegistrationStatusResponse {}
service Registration {
  rpc GetInfo (InfoRequest) returns (PluginInfo);
  rpc NotifyRegistrationStatus (RegistrationStatus) returns (RegistrationStatusResponse);
}
`;
