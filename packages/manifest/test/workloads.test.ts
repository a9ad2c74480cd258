import { describe, expect, it } from "vitest";

import { parseManifest } from "../src/index.ts";
import type { Manifest } from "../src/index.ts";

const parse = (text: string): Manifest => parseManifest(text, { source: "x.yaml" });
const template = (spec = ""): string =>
  `template: {metadata: {labels: {app: web}, annotations: {a: b}}, spec: {containers: [{name: c, image: i:v1}]${spec}}}`;
const workload = (apiVersion: string, kind: string, spec: string): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: web, namespace: shop}\nspec: {${spec}}\n`;
const SELECTOR = "selector: {matchLabels: {app: web}}";

describe("a workload with replicas", () => {
  it.each([
    ["apps/v1", "Deployment", SELECTOR],
    ["apps/v1", "ReplicaSet", SELECTOR],
    ["apps/v1", "StatefulSet", `${SELECTOR}, serviceName: web`],
    ["v1", "ReplicationController", "selector: {app: web}"],
  ])("of %s, %s is a Pod for each, named and labelled", (apiVersion, kind, selector) => {
    const { pods, warnings } = parse(workload(apiVersion, kind, `replicas: 2, ${selector}, ${template()}`));
    expect(pods.map(({ metadata }) => metadata)).toEqual([
      { name: "web-0", namespace: "shop", labels: { app: "web" }, annotations: { a: "b" } },
      { name: "web-1", namespace: "shop", labels: { app: "web" }, annotations: { a: "b" } },
    ]);
    expect(pods[1]!.spec).toMatchObject({ restartPolicy: "Always", containers: [{ name: "c" }] });
    expect(warnings).toEqual([]);
  });

  it("has one where it does not say how many, and none where it says 0", () => {
    expect(parse(workload("apps/v1", "Deployment", `${SELECTOR}, ${template()}`)).pods).toHaveLength(1);
    const { pods, warnings } = parse(
      workload("apps/v1", "Deployment", `replicas: 0, ${SELECTOR}, ${template()}`),
    );
    expect(pods).toEqual([]);
    expect(warnings).toEqual([
      "x.yaml, document 1, line 4: spec.replicas: the number is 0, so no Pod of it runs",
    ]);
  });

  it("gives each Pod of a StatefulSet its ordinal and its claims", () => {
    const spec = `replicas: 2, ordinals: {start: 3}, ${SELECTOR}, ${template()}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]`;
    const manifest = parse(workload("apps/v1", "StatefulSet", spec));
    expect(manifest.pods.map((pod) => pod.spec?.volumes)).toEqual([
      [{ name: "data", persistentVolumeClaim: { claimName: "data-web-3" } }],
      [{ name: "data", persistentVolumeClaim: { claimName: "data-web-4" } }],
    ]);
    expect(manifest.persistentVolumeClaims.map(({ metadata }) => metadata)).toEqual([
      { name: "data-web-3", namespace: "shop" },
      { name: "data-web-4", namespace: "shop" },
    ]);
  });

  it.each([
    [`replicas: 2000000000, ${SELECTOR}, ${template()}`, "spec.replicas: must be between 0 and 1000"],
    [`replicas: -1, ${SELECTOR}, ${template()}`, "spec.replicas"],
    [template(), "spec.selector: is required"],
    [`selector: {matchLabels: {app: x}}, ${template()}`, "must hold app: x, which spec.selector demands"],
    [SELECTOR, "spec.template: is required"],
    [`${SELECTOR}, template: {metadata: {labels: {app: web}}}`, "spec.template.spec: is required"],
    [`${SELECTOR}, ${template(", restartPolicy: Never")}`, "restartPolicy: must be Always in a Deployment"],
    [
      `${SELECTOR}, ${template(", ephemeralContainers: [{name: d, image: i}]")}`,
      "spec.template.spec.ephemeralContainers: ephemeral",
    ],
    [`${SELECTOR}, ${template(", containres: []")}`, "spec.template.spec.containres: unknown field"],
    [
      `${SELECTOR}, ${template().replace("i:v1", "i, volumeMounts: [{name: v, mountPath: /v}]")}`,
      "spec.template.spec.containers[0].volumeMounts[0].name: the Pod has no volume",
    ],
  ])("is refused with a mistake in it: %s", (spec, message) => {
    expect(() => parse(workload("apps/v1", "Deployment", spec))).toThrow(message);
  });

  it("may not make a Pod that is there already", () => {
    const text = `${workload("apps/v1", "Deployment", `${SELECTOR}, ${template()}`)}---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop}
spec: {containers: [{name: c, image: i}]}
`;
    expect(() => parse(text)).toThrow('there is another Pod "web-0"');
  });
});

describe("a workload without replicas", () => {
  it("of kind DaemonSet is one Pod of its name", () => {
    const { pods } = parse(workload("apps/v1", "DaemonSet", `${SELECTOR}, ${template()}`));
    expect(pods.map(({ metadata }) => metadata?.name)).toEqual(["web"]);
  });

  it("of kind Job is one Pod with the job's deadline, and warns of what is not read", () => {
    const spec = `completions: 3, backoffLimit: 6, activeDeadlineSeconds: 60, ${template(", restartPolicy: OnFailure")}`;
    const { pods, warnings } = parse(workload("batch/v1", "Job", spec));
    expect(pods).toMatchObject([
      { metadata: { name: "web" }, spec: { restartPolicy: "OnFailure", activeDeadlineSeconds: 60 } },
    ]);
    expect(warnings).toEqual([
      "x.yaml, document 1, line 4: spec.completions: ignored: one Pod of the job runs, once",
      "x.yaml, document 1, line 4: spec.backoffLimit: ignored: the job ends as its one Pod ends",
    ]);
  });

  it("of kind CronJob runs its job once", () => {
    const job = `jobTemplate: {spec: {${template(", restartPolicy: Never")}}}`;
    const { pods, warnings } = parse(workload("batch/v1", "CronJob", `schedule: "* * * * *", ${job}`));
    expect(pods).toMatchObject([{ metadata: { name: "web" }, spec: { restartPolicy: "Never" } }]);
    expect(warnings).toEqual(["x.yaml, document 1, line 4: spec.schedule: ignored: the job runs once, now"]);
  });

  it("of kind Job has no negative numbers", () => {
    const spec = `parallelism: -1, ${template(", restartPolicy: Never")}`;
    expect(() => parse(workload("batch/v1", "Job", spec))).toThrow("spec.parallelism: may not be negative");
  });

  it("of kind Job must not restart for ever", () => {
    expect(() => parse(workload("batch/v1", "Job", template()))).toThrow(
      "spec.template.spec.restartPolicy: must be OnFailure or Never in a Job",
    );
  });
});
