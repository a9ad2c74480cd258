import { describe, expect, it } from "vitest";

import { defaultPod } from "../src/index.ts";

describe("defaultPod", () => {
  it("sets what the API server sets", () => {
    const pod = {
      metadata: { name: "p" },
      spec: {
        containers: [
          {
            name: "c",
            image: "i",
            ports: [{ containerPort: 80 }],
            env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
            resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
            livenessProbe: { httpGet: { port: 80 } },
          },
        ],
        volumes: [
          { name: "a" },
          { name: "b", configMap: { name: "x" } },
          { name: "c", secret: { secretName: "x", defaultMode: 0 } },
          { name: "d", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
          { name: "e", hostPath: { path: "/x" } },
        ],
      },
    };
    const before = structuredClone(pod);
    expect(defaultPod(pod)).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "default" },
      spec: {
        restartPolicy: "Always",
        dnsPolicy: "ClusterFirst",
        enableServiceLinks: true,
        schedulerName: "default-scheduler",
        securityContext: {},
        serviceAccount: "default",
        serviceAccountName: "default",
        terminationGracePeriodSeconds: 30,
        containers: [
          {
            name: "c",
            image: "i",
            imagePullPolicy: "Always",
            ports: [{ containerPort: 80, protocol: "TCP" }],
            env: [{ name: "A", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } }],
            resources: {
              limits: { cpu: "1", memory: "1Gi" },
              requests: { cpu: "500m", memory: "1Gi" },
            },
            livenessProbe: {
              httpGet: { port: 80, path: "/", scheme: "HTTP" },
              failureThreshold: 3,
              periodSeconds: 10,
              successThreshold: 1,
              timeoutSeconds: 1,
            },
            terminationMessagePath: "/dev/termination-log",
            terminationMessagePolicy: "File",
          },
        ],
        volumes: [
          { name: "a", emptyDir: {} },
          { name: "b", configMap: { name: "x", defaultMode: 0o644 } },
          { name: "c", secret: { secretName: "x", defaultMode: 0 } },
          {
            name: "d",
            projected: {
              defaultMode: 0o644,
              sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 3600 } }],
            },
          },
          { name: "e", hostPath: { path: "/x", type: "" } },
        ],
      },
    });
    expect(pod).toEqual(before);
  });

  it("gives the ports of a Pod on the host's network their host ports", () => {
    const containers = [{ name: "c", image: "i", ports: [{ containerPort: 80 }] }];
    expect(defaultPod({ spec: { hostNetwork: true, containers } }).spec?.containers[0]?.ports).toEqual([
      { containerPort: 80, hostPort: 80, protocol: "TCP" },
    ]);
  });

  it("changes nothing more the second time", () => {
    const pod = {
      metadata: { name: "p" },
      spec: { containers: [{ name: "c", image: "i:v1" }], volumes: [{ name: "v" }] },
    };
    const once = defaultPod(pod);
    expect(defaultPod(once)).toEqual(once);
  });

  it.each([
    ["i", "Always"],
    ["i:latest", "Always"],
    ["i:v1", "IfNotPresent"],
    ["localhost:5000/i", "Always"],
    ["localhost:5000/i:v1", "IfNotPresent"],
    [`i@sha256:${"0".repeat(64)}`, "IfNotPresent"],
    [`i:v1@sha256:${"0".repeat(64)}`, "IfNotPresent"],
    [`i:latest@sha256:${"0".repeat(64)}`, "Always"],
  ])("pulls %s %s", (image, policy) => {
    const { spec } = defaultPod({ spec: { containers: [{ name: "c", image }] } });
    expect(spec?.containers[0]?.imagePullPolicy).toBe(policy);
  });
});
