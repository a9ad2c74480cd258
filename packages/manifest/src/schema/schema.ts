import { CONTAINERS_TYPES } from "./containers.ts";
import { OBJECTS_TYPES } from "./objects.ts";
import { POD_TYPES } from "./pod.ts";
import { SCHEDULING_TYPES } from "./scheduling.ts";
import type { SchemaTypes } from "./types.ts";
import { VOLUMES_TYPES } from "./volumes.ts";
import { WORKLOADS_TYPES } from "./workloads.ts";

const workload = (spec: string): Readonly<Record<string, string>> => ({
  apiVersion: "string",
  kind: "string",
  metadata: "ObjectMeta",
  spec: `${spec}!`,
  status: "any",
});

/** Every type that a manifest may hold, as in the Kubernetes 1.36 API. A test holds it against the client's. */
export const SCHEMA: SchemaTypes = {
  ...POD_TYPES,
  ...CONTAINERS_TYPES,
  ...VOLUMES_TYPES,
  ...SCHEDULING_TYPES,
  ...WORKLOADS_TYPES,
  ...OBJECTS_TYPES,
  Job: workload("JobSpec"),
  CronJob: workload("CronJobSpec"),
  Deployment: workload("DeploymentSpec"),
  ReplicaSet: workload("ReplicaSetSpec"),
  StatefulSet: workload("StatefulSetSpec"),
  DaemonSet: workload("DaemonSetSpec"),
  ReplicationController: workload("ReplicationControllerSpec"),
};
