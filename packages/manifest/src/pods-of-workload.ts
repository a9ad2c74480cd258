import type {
  V1CronJobSpec,
  V1DeploymentSpec,
  V1JobSpec,
  V1ObjectMeta,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodTemplateSpec,
  V1ReplicationControllerSpec,
  V1StatefulSetSpec,
} from "@kubernetes/client-node";

import type { Warn } from "./fields/apply-fields.ts";
import type { FieldPath, Report } from "./problem.ts";
import { withFields } from "./with-fields.ts";

const MAX_REPLICAS = 1000;

/** A workload, checked against the schema. */
export interface Workload {
  readonly kind: string;
  readonly metadata?: V1ObjectMeta;
  readonly spec: object;
}

/** The Pods that a workload stands for, and where their template is. */
export interface WorkloadPods {
  readonly pods: readonly V1Pod[];
  readonly claims: readonly V1PersistentVolumeClaim[];
  readonly template: V1PodTemplateSpec;
  readonly templatePath: FieldPath;
}

/**
 * The Pods of a workload: `replicas` of them named `<name>-<n>` where it has replicas, one named `<name>` where it
 * has none (Job, CronJob, DaemonSet).
 */
export function podsOfWorkload(workload: Workload, report: Report, warn: Warn): WorkloadPods {
  switch (workload.kind) {
    case "Job":
      return jobPods(workload, workload.spec as V1JobSpec, ["spec"], report, warn);
    case "CronJob": {
      const { jobTemplate } = workload.spec as V1CronJobSpec;
      warn(["spec", "schedule"], "ignored: the job runs once, now");
      const job = jobTemplate?.spec ?? ({} as V1JobSpec);
      return jobPods(workload, job, ["spec", "jobTemplate", "spec"], report, warn);
    }
    case "DaemonSet": {
      const { template } = workload.spec as { template?: V1PodTemplateSpec };
      checkTemplate(workload, template, report);
      return { ...one(workload, template ?? {}), templatePath: ["spec", "template"] };
    }
    default:
      return replicaPods(workload, report, warn);
  }
}

function replicaPods(workload: Workload, report: Report, warn: Warn): WorkloadPods {
  const spec = workload.spec as Partial<V1DeploymentSpec & V1ReplicationControllerSpec & V1StatefulSetSpec>;
  const template = spec.template ?? {};
  const replicas = spec.replicas ?? 1;
  const start = spec.ordinals?.start ?? 0;
  checkTemplate(workload, spec.template, report);
  if (replicas < 0 || replicas > MAX_REPLICAS) {
    report(["spec", "replicas"], `must be between 0 and ${MAX_REPLICAS}, got ${replicas}`);
    return { pods: [], claims: [], template, templatePath: ["spec", "template"] };
  }
  if (start < 0) report(["spec", "ordinals", "start"], "may not be negative");
  if (replicas === 0) warn(["spec", "replicas"], "the number is 0, so no Pod of it runs");
  const namespace = workload.metadata?.namespace;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const claims: V1PersistentVolumeClaim[] = [];
  const pods = Array.from({ length: replicas }, (_, index) => {
    const name = `${workload.metadata?.name ?? ""}-${start + index}`;
    const pod = podOf(workload, name, template);
    for (const claim of spec.volumeClaimTemplates ?? []) {
      const volume = claim.metadata?.name ?? "";
      const claimName = `${volume}-${name}`;
      claims.push(
        withFields(claim, { metadata: withFields(claim.metadata, { name: claimName, ...inNamespace }) }),
      );
      if (pod.spec === undefined) continue;
      const others = (pod.spec.volumes ?? []).filter((other) => other.name !== volume);
      pod.spec.volumes = [...others, { name: volume, persistentVolumeClaim: { claimName } }];
    }
    return pod;
  });
  return { pods, claims, template, templatePath: ["spec", "template"] };
}

function jobPods(
  workload: Workload,
  spec: V1JobSpec,
  path: FieldPath,
  report: Report,
  warn: Warn,
): WorkloadPods {
  const template = spec.template ?? {};
  const policy = template.spec?.restartPolicy;
  if (policy === undefined || policy === "Always") {
    const field = [...path, "template", "spec", "restartPolicy"];
    report(field, `must be OnFailure or Never in a ${workload.kind}`);
  }
  for (const field of ["completions", "parallelism", "backoffLimit", "activeDeadlineSeconds"] as const) {
    if ((spec[field] ?? 0) < 0) report([...path, field], "may not be negative");
  }
  const alone: readonly (keyof V1JobSpec)[] = ["completions", "parallelism"];
  for (const field of alone) {
    if ((spec[field] ?? 1) !== 1) warn([...path, field], "ignored: one Pod of the job runs, once");
  }
  const unread: readonly (keyof V1JobSpec)[] = [
    "backoffLimit",
    "podFailurePolicy",
    "successPolicy",
    "suspend",
  ];
  for (const field of unread) {
    if (spec[field]) warn([...path, field], "ignored: the job ends as its one Pod ends");
  }
  const { pods, claims } = one(workload, template);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined) {
    for (const pod of pods) {
      if (pod.spec === undefined) continue;
      pod.spec.activeDeadlineSeconds = Math.min(deadline, pod.spec.activeDeadlineSeconds ?? deadline);
    }
  }
  return { pods, claims, template, templatePath: [...path, "template"] };
}

function one(workload: Workload, template: V1PodTemplateSpec): Omit<WorkloadPods, "templatePath"> {
  return { pods: [podOf(workload, workload.metadata?.name ?? "", template)], claims: [], template };
}

function podOf(workload: Workload, name: string, { metadata, spec }: V1PodTemplateSpec): V1Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...(metadata?.labels && { labels: metadata.labels }),
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ...(workload.metadata?.namespace !== undefined && { namespace: workload.metadata.namespace }),
      name,
    },
    ...(spec && { spec: withFields(spec) }),
  };
}

function checkTemplate(workload: Workload, template: V1PodTemplateSpec | undefined, report: Report): void {
  const path: FieldPath = ["spec", "template"];
  if (template === undefined) {
    if (workload.kind === "ReplicaSet" || workload.kind === "ReplicationController")
      report(path, "is required");
    return;
  }
  const policy = template.spec?.restartPolicy;
  if (policy !== undefined && policy !== "Always") {
    report([...path, "spec", "restartPolicy"], `must be Always in a ${workload.kind}`);
  }
  const { selector } = workload.spec as { selector?: Record<string, unknown> };
  const replication = workload.kind === "ReplicationController";
  const wanted = (replication ? selector : selector?.matchLabels) as Record<string, string> | undefined;
  const labels = template.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(wanted ?? {})) {
    if (Object.hasOwn(labels, key) && labels[key] === value) continue;
    report([...path, "metadata", "labels"], `must hold ${key}: ${value}, which spec.selector demands`);
  }
}
