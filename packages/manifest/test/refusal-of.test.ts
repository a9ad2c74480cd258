import { describe, expect, it } from "vitest";

import { refusalOf, warningOf } from "../src/index.ts";

/** What the API server stores of the simplest Pod: defaults, admission's additions, PodSecurity `restricted`. */
const STORED = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "hello",
    generateName: "hello-",
    namespace: "default",
    uid: "6a5cf7d4-5f0c-4f2b-a1a7-5a3f2f1f0c11",
    resourceVersion: "812",
    generation: 1,
    creationTimestamp: new Date(),
    labels: { app: "hello" },
    ownerReferences: [
      { apiVersion: "apps/v1", kind: "ReplicaSet", name: "hello", uid: "x", controller: true },
    ],
    managedFields: [{ manager: "kubectl", operation: "Update", apiVersion: "v1", fieldsV1: {} }],
    finalizers: ["example.com/x"],
  },
  spec: {
    volumes: [
      {
        name: "kube-api-access-b2x4z",
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            {
              downwardAPI: {
                items: [
                  { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } },
                ],
              },
            },
          ],
        },
      },
    ],
    containers: [
      {
        name: "hello",
        image: "registry.example/hello:v1",
        resources: { limits: { "example.com/gpu": "1" }, requests: { cpu: "1m", "example.com/gpu": "1" } },
        volumeMounts: [
          {
            name: "kube-api-access-b2x4z",
            readOnly: true,
            mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
          },
        ],
        terminationMessagePath: "/dev/termination-log",
        terminationMessagePolicy: "File",
        imagePullPolicy: "IfNotPresent",
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
          privileged: false,
          procMount: "Default",
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: "RuntimeDefault" },
          seLinuxOptions: { level: "s0:c1,c2" },
        },
      },
    ],
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    serviceAccountName: "default",
    serviceAccount: "default",
    automountServiceAccountToken: true,
    nodeName: "n1",
    nodeSelector: { "kubernetes.io/arch": "wasm32-wasi" },
    affinity: { nodeAffinity: {}, podAntiAffinity: {} },
    securityContext: {
      fsGroup: 2000,
      fsGroupChangePolicy: "OnRootMismatch",
      runAsGroup: 3000,
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
      supplementalGroups: [1],
    },
    imagePullSecrets: [{ name: "pull" }],
    schedulerName: "default-scheduler",
    tolerations: [
      {
        key: "node.kubernetes.io/not-ready",
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: 300,
      },
      {
        key: "node.kubernetes.io/unreachable",
        operator: "Exists",
        effect: "NoExecute",
        tolerationSeconds: 300,
      },
    ],
    priority: 0,
    priorityClassName: "normal",
    enableServiceLinks: true,
    preemptionPolicy: "PreemptLowerPriority",
    overhead: { cpu: "1m" },
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }],
    readinessGates: [{ conditionType: "example.com/ready" }],
    hostPID: true,
    hostIPC: true,
    shareProcessNamespace: true,
  },
  status: { phase: "Pending", qosClass: "Burstable" },
};

const podWith = (spec: object): object => ({ ...STORED, spec: { ...STORED.spec, ...spec } });

describe("a Pod of the API server's", () => {
  it("that has what the API server and its admission add is neither refused nor warned of", () => {
    expect(refusalOf(STORED)).toBeUndefined();
    expect(warningOf(STORED)).toBeUndefined();
  });

  it.each([
    [
      { volumes: [{ name: "v", nfs: { server: "s", path: "/" } }] },
      'spec.volumes[0].nfs: unknown volume kind "nfs"',
    ],
    [
      { resourceClaims: [{ name: "gpu" }] },
      "spec.resourceClaims: dynamic resource allocation is not supported",
    ],
    [
      { volumes: [{ name: "v", projected: { sources: [{ podCertificate: {} }] } }] },
      "spec.volumes[0].projected.sources[0].podCertificate: pod certificates are not supported",
    ],
    [
      { containers: [{ name: "c", env: [{ name: "A", valueFrom: { fileKeyRef: { key: "k" } } }] }] },
      "spec.containers[0].env[0].valueFrom.fileKeyRef: environment variables from files are not supported",
    ],
    [
      { initContainers: [{ name: "c", volumeDevices: [{ name: "v" }] }] },
      "spec.initContainers[0].volumeDevices: WASI has no block devices",
    ],
  ])("is refused for %j, as by krustlet run", (spec, message) => {
    expect(refusalOf(podWith(spec))).toContain(message);
  });

  it("is refused in one line, however much is wrong with it", () => {
    const volumes = Array.from({ length: 1000 }, (_, index) => ({ name: `v${index}`, nfs: {} }));
    const refusal = refusalOf(podWith({ volumes })) ?? "";
    expect(refusal).toMatch(/^spec\.volumes\[0\]\.nfs: .*; and 995 more$/);
    expect(refusal.length).toBeLessThan(1000);
  });

  it("is not refused for what only krustlet run cannot do", () => {
    const ephemeral = { name: "debug", image: "x" };
    const pod = podWith({ ephemeralContainers: [ephemeral], schedulingGates: [{ name: "g" }] });
    expect(refusalOf(pod)).toBeUndefined();
    expect(warningOf(pod)).toBe(
      "spec.ephemeralContainers: ignored: ephemeral containers are not started; their status says so",
    );
  });

  it("is warned of where its author may count on what is not done", () => {
    const probe = { httpGet: { port: 80 } };
    expect(warningOf(podWith({ containers: [{ name: "c", livenessProbe: probe, tty: true }] }))).toMatch(
      /^spec\.containers\[0\]\.livenessProbe: ignored: probes are not run.*; spec\.containers\[0\]\.tty: ignored: Web/,
    );
  });

  it.each([{}, { spec: null }, { spec: { containers: "x", volumes: [null, 7, []] } }, { spec: [] }])(
    "of the wrong shape is no crash: %j",
    (pod) => {
      expect(refusalOf(pod)).toBeUndefined();
      expect(warningOf(pod)).toBeUndefined();
    },
  );
});

it("refuses a pod of so many containers that it would hold up all others", () => {
  const containers = (count: number): { name: string; image: string }[] =>
    Array.from({ length: count }, (_, index) => ({ name: `c${index}`, image: "app:v1" }));
  const podOf = (spec: object): object => ({ apiVersion: "v1", kind: "Pod", spec });
  expect(refusalOf(podOf({ containers: containers(300) }))).toBeUndefined();
  const init = { containers: containers(200), initContainers: containers(101) };
  expect(refusalOf(podOf(init))).toBe(
    "spec.containers: this node runs at most 300 containers of one pod, not 301",
  );
});
