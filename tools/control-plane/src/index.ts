export type { Component } from "./components/component.ts";
export type { ComponentName } from "./components/plan-components.ts";
export type { Cluster, ClusterAddress, KubeconfigOptions, UserOptions } from "./open-cluster.ts";
export { openCluster } from "./open-cluster.ts";
export type { KubectlOptions, KubectlResult } from "./run-kubectl.ts";
export type { ControlPlane, ControlPlaneOptions } from "./start-control-plane.ts";
export { startControlPlane } from "./start-control-plane.ts";
