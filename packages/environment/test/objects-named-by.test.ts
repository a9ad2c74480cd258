import { expect, it } from "vitest";

import { objectsNamedBy } from "../src/index.ts";

it("lists each object once, with the first field that names it", () => {
  const pod = {
    spec: {
      imagePullSecrets: [{ name: "pull" }],
      volumes: [
        { name: "a", configMap: { name: "settings", optional: true } },
        { name: "b", secret: { secretName: "keys" } },
        { name: "c", persistentVolumeClaim: { claimName: "data" } },
        { name: "d", projected: { sources: [{ configMap: { name: "p" } }, { secret: { name: "keys" } }] } },
      ],
      initContainers: [{ name: "i", envFrom: [{ configMapRef: { name: "settings" } }] }],
      containers: [
        {
          name: "m",
          env: [
            { name: "A", valueFrom: { secretKeyRef: { name: "keys", key: "k", optional: true } } },
            { name: "B", valueFrom: { configMapKeyRef: { name: "more", key: "k", optional: true } } },
            { name: "C", value: "" },
          ],
        },
      ],
    },
  };
  expect(objectsNamedBy(pod)).toEqual([
    { kind: "Secret", name: "pull", optional: true, field: "spec.imagePullSecrets[0]" },
    {
      kind: "ConfigMap",
      name: "settings",
      optional: false,
      field: "spec.initContainers[0].envFrom[0].configMapRef",
    },
    { kind: "Secret", name: "keys", optional: false, field: "spec.volumes[1].secret" },
    {
      kind: "PersistentVolumeClaim",
      name: "data",
      optional: false,
      field: "spec.volumes[2].persistentVolumeClaim",
    },
    {
      kind: "ConfigMap",
      name: "p",
      optional: false,
      field: "spec.volumes[3].projected.sources[0].configMap",
    },
    {
      kind: "ConfigMap",
      name: "more",
      optional: true,
      field: "spec.containers[0].env[1].valueFrom.configMapKeyRef",
    },
  ]);
});

it("lists nothing for a Pod that names nothing", () => {
  expect(objectsNamedBy({ spec: { containers: [{ name: "m" }] } })).toEqual([]);
});
