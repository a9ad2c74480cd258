import { isKrustletError } from "@krustlet/interface";
import { describe, expect, it } from "vitest";

import { parseManifest } from "../src/index.ts";
import type { Manifest } from "../src/index.ts";

const parse = (text: string): Manifest => parseManifest(text, { source: "x.yaml" });
const pod = (spec: string, metadata = "name: p"): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {${metadata}}\nspec:\n  ${spec}\n`;
/** A Pod of one container with these fields. */
const withContainer = (fields: string, more = ""): string =>
  pod(`{containers: [{name: c, image: i, ${fields}}]${more === "" ? "" : `, ${more}`}}`);
/** A Pod with these volumes. */
const withVolumes = (volumes: string): string => withContainer("", `volumes: [${volumes}]`);

function failure(text: string): { code: string; lines: string[] } {
  try {
    parse(text);
  } catch (error) {
    if (isKrustletError(error)) return { code: error.code, lines: error.message.split("\n") };
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a mistake", () => {
  it("is told with file, document, line and field", () => {
    const text = `apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata:
  name: p
spec:
  containers:
    - name: c
      image: i
      env:
        - name: A
          value: "1"
        - name: B
          value: 2
      imagePullPolicy: Sometimes
`;
    expect(failure(text)).toEqual({
      code: "InvalidField",
      lines: [
        "x.yaml, document 2, line 17: spec.containers[0].env[1].value: must be a string, got the number 2; put it in quotes",
      ],
    });
    expect(failure(text.replace("value: 2", 'value: "2"')).lines).toEqual([
      'x.yaml, document 2, line 18: spec.containers[0].imagePullPolicy: must be one of Always, IfNotPresent, Never, got "Sometimes"',
    ]);
  });

  it("is one of at most ten lines", () => {
    const fields = Array.from({ length: 14 }, (_, index) => `x${index}: 1`).join(", ");
    const { lines } = failure(withContainer(fields));
    expect(lines).toHaveLength(11);
    expect(lines[10]).toBe("… and 4 more problems");
  });
});

describe("what is refused", () => {
  it.each<[string, string]>([
    ["", "x.yaml: there is no object in the manifest"],
    ["# nothing\n---\n", "there is no object"],
    ["- 1", "document 1, line 1: must be an object with apiVersion and kind"],
    ["hello", "must be an object"],
    ["{}", "apiVersion: is required"],
    ["kind: Pod", "apiVersion: is required"],
    ["apiVersion: v1", "kind: is required"],
    ["apiVersion: v1\nkind: 3", "kind: must be a string"],
    ["apiVersion: v1\nkind: Pdo", 'kind: unknown kind "Pdo" in "v1" (did you mean "Pod"?)'],
    ["apiVersion: example.org/v1\nkind: Zebra", 'unknown kind "Zebra" in "example.org/v1"'],
    ["apiVersion: v1\nkind: Deployment", 'apiVersion: a Deployment has apiVersion apps/v1, not "v1"'],
    ["apiVersion: v1\nkind: __proto__", 'unknown kind "__proto__"'],
    ["apiVersion: __proto__\nkind: constructor", 'unknown kind "constructor"'],
    ["apiVersion: v1\nkind: List\nitems: {}", "items: must be a list"],
    ["apiVersion: v1\nkind: List\nitem: []", 'item: unknown field (did you mean "items"?)'],
    ["apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List}]", "may not hold another List"],
    ["apiVersion: v1\nkind: List\nitems: [3]", "items[0]: must be an object"],
  ])("as a manifest: %j", (text, message) => {
    const { code, lines } = failure(text);
    expect(lines.join("\n")).toContain(message);
    expect(["InvalidManifest", "InvalidField"]).toContain(code);
  });

  it.each<[string, string]>([
    [pod("{}"), "spec.containers: is required"],
    [pod("{containers: []}"), "spec.containers: is required"],
    [pod("{containers: {}}"), "spec.containers: must be a list, got a map"],
    [pod("[]"), "spec: must be an object, got a list"],
    ["apiVersion: v1\nkind: Pod\nmetadata: {name: p}", "spec: is required"],
    [pod("{containers: [null]}"), "spec.containers[0]: must be an object, got nothing"],
    [pod("{containers: [{name: c}]}"), "spec.containers[0].image: is required"],
    [pod("{containers: [{image: c}]}"), "spec.containers[0].name: is required"],
    [pod("{containers: [{name: C, image: c}]}"), "spec.containers[0].name: must be at most 63 lower-case"],
    [pod("{containers: [{name: c, image: ' c'}]}"), "image: may not begin or end with a space"],
    [
      pod("{containers: [{name: c, image: c}, {name: c, image: c}]}"),
      'spec.containers[1].name: there is another container "c"',
    ],
    [
      pod("{initContainers: [{name: c, image: c}], containers: [{name: c, image: c}]}"),
      'spec.containers[0].name: there is another container "c"',
    ],
    [
      pod("{initContainers: [{name: d, image: c, readinessProbe: {}}], containers: [{name: c, image: c}]}"),
      "spec.initContainers[0].readinessProbe: an init container has it only with restartPolicy: Always",
    ],
    [
      pod("{containers: [{name: c, image: c}], restartPolicy: Sometimes}"),
      "restartPolicy: must be one of Always",
    ],
    [pod("{containers: [{name: c, image: c}], restartPolicy: never}"), '(did you mean "Never"?)'],
    [pod("{containers: [{name: c, image: c}], activeDeadlineSeconds: 0}"), "must be between 1 and"],
    [
      pod("{containers: [{name: c, image: c}], activeDeadlineSeconds: 1.5}"),
      "must be an integer, got the number 1.5",
    ],
    [pod("{containers: [{name: c, image: c}], terminationGracePeriodSeconds: -1}"), "may not be negative"],
    [pod("{containers: [{name: c, image: c}], dnsPolicy: X}"), "spec.dnsPolicy"],
    [pod("{containers: [{name: c, image: c}], runtimeClassName: A_B}"), "spec.runtimeClassName"],
    [pod("{containers: [{name: c, image: c}], os: {name: windows}}"), "spec.os.name: must be one of linux"],
    [pod("{containers: [{name: c, image: c}], hostPID: yes please}"), 'got the string "yes please"'],
    [pod("{containers: [{name: c, image: c}], __proto__: {}}"), "spec.__proto__: unknown field"],
    [pod("{containers: [{name: c, image: c}]}", "name: P"), "metadata.name: must be at most 253"],
    [pod("{containers: [{name: c, image: c}]}", "generateName: p-"), "generateName needs an API server"],
    [pod("{containers: [{name: c, image: c}]}", "name: p, namespace: a.b"), "metadata.namespace"],
    [pod("{containers: [{name: c, image: c}]}", "name: p, uid: ../x"), "metadata.uid"],
    [pod("{containers: [{name: c, image: c}]}", "name: p, labels: {a: 'b c'}"), "metadata.labels.a: must be"],
    [
      pod("{containers: [{name: c, image: c}]}", "name: p, labels: {a: 1}"),
      "metadata.labels.a: must be a string",
    ],
    [
      pod("{containers: [{name: c, image: c}]}", "name: p, labels: {a/b/c: d}"),
      "metadata.labels[a/b/c]: the key",
    ],
    [
      pod("{containers: [{name: c, image: c}]}", "name: p, annotations: {'': d}"),
      "metadata.annotations[]: the key",
    ],
    [pod("{containers: [{name: c, image: c}]}", "name: p, creationTimestamp: now"), "must be a time"],
    [withContainer("args: [1]"), "args[0]: must be a string, got the number 1; put it in quotes"],
    [withContainer("args: x"), 'args: must be a list, got the string "x"'],
    [withContainer("command: [yes]"), "command[0]: must be a string, got the boolean true; put it in quotes"],
    [withContainer("comand: [a]"), 'spec.containers[0].comand: unknown field (did you mean "command"?)'],
    [withContainer("restartPolicy: Often"), "spec.containers[0].restartPolicy"],
    [withContainer("terminationMessagePolicy: X"), "terminationMessagePolicy"],
    [withContainer("ports: [{containerPort: 0}]"), "containerPort: must be between 1 and 65535, got 0"],
    [withContainer("ports: [{containerPort: 70000}]"), "containerPort: must be between 1 and 65535"],
    [withContainer("ports: [{containerPort: http}]"), 'must be a 32-bit integer, got the string "http"'],
    [withContainer("ports: [{}]"), "ports[0].containerPort: is required"],
    [withContainer("ports: [{containerPort: 1, protocol: tcp}]"), '(did you mean "TCP"?)'],
    [withContainer("ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]"), 'another port "a"'],
    [withContainer("ports: [{containerPort: 1, name: too-long-a-name-x}]"), "ports[0].name: must be"],
    [
      withContainer("ports: [{containerPort: 1, hostPort: 5}, {containerPort: 2, hostPort: 5}]"),
      "has it already",
    ],
    [
      withContainer("ports: [{containerPort: 1, hostPort: 5}]", "hostNetwork: true"),
      "hostPort: must be containerPort where hostNetwork is true",
    ],
    [withContainer("env: [{name: A=B}]"), "env[0].name: must be printable ASCII"],
    [withContainer("env: [{value: a}]"), "env[0].name: is required"],
    [
      withContainer("env: [{name: A, value: a, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]"),
      "together with value",
    ],
    [withContainer("env: [{name: A, valueFrom: {}}]"), "must say where the value comes from"],
    [
      withContainer(
        "env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: a, key: b}}}]",
      ),
      "may have only one of fieldRef and secretKeyRef",
    ],
    [
      withContainer("env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.nam}}}]"),
      '"metadata.nam" is not a field that can be used here (did you mean "metadata.name"?)',
    ],
    [
      withContainer("env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.labels}}}]"),
      "is not a field",
    ],
    [
      withContainer("env: [{name: A, valueFrom: {fieldRef: {apiVersion: v2, fieldPath: metadata.name}}}]"),
      "must be v1",
    ],
    [
      withContainer("env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.gpu}}}]"),
      "is not a resource",
    ],
    [
      withContainer("env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: -1}}}]"),
      "divisor: may not be negative",
    ],
    [
      withContainer("env: [{name: A, valueFrom: {configMapKeyRef: {key: a}}}]"),
      "configMapKeyRef.name: is required",
    ],
    [
      withContainer("env: [{name: A, valueFrom: {secretKeyRef: {name: a, key: ../b}}}]"),
      "secretKeyRef.key: the key",
    ],
    [withContainer("envFrom: [{}]"), "envFrom[0]: must say where"],
    [withContainer("envFrom: [{secretRef: {name: A}}]"), "envFrom[0].secretRef.name: must be"],
    [withContainer("envFrom: [{prefix: 'a=', secretRef: {name: a}}]"), "envFrom[0].prefix"],
    [withContainer("resources: {limits: {cpu: lots}}"), 'limits.cpu: "lots" is not a quantity'],
    [
      withContainer("resources: {limits: {cpu: [1]}}"),
      "must be a quantity such as 500m or 1.5Gi, got a list",
    ],
    [withContainer("resources: {limits: {cpu: -1}}"), "limits.cpu: may not be negative"],
    [withContainer("resources: {limits: {memry: 1}}"), 'unknown resource (did you mean "memory"?)'],
    [
      withContainer("resources: {limits: {cpu: 1}, requests: {cpu: 2}}"),
      "requests.cpu: must be at most the limit, 1",
    ],
    [withContainer("volumeMounts: [{name: v, mountPath: /v}]"), 'the Pod has no volume "v"'],
    [
      withContainer("volumeMounts: [{name: v}]", "volumes: [{name: v}]"),
      "volumeMounts[0].mountPath: is required",
    ],
    [
      withContainer(
        "volumeMounts: [{name: v, mountPath: /v}, {name: v, mountPath: /v/}]",
        "volumes: [{name: v}]",
      ),
      'volumeMounts[1].mountPath: another mount has "/v/"',
    ],
    [
      withContainer("volumeMounts: [{name: v, mountPath: /v, subPath: ../x}]", "volumes: [{name: v}]"),
      'subPath: may not contain ".."',
    ],
    [
      withContainer("volumeMounts: [{name: v, mountPath: /v, subPath: /x}]", "volumes: [{name: v}]"),
      "subPath: must be a relative path",
    ],
    [
      withContainer("volumeMounts: [{name: v, mountPath: /../v}]", "volumes: [{name: v}]"),
      'mountPath: may not contain ".."',
    ],
    [
      withContainer(
        "volumeMounts: [{name: v, mountPath: /v, subPath: a, subPathExpr: b}]",
        "volumes: [{name: v}]",
      ),
      "may not be given together with subPath",
    ],
    [withVolumes("{}"), "volumes[0].name: is required"],
    [withVolumes("{name: A}"), "volumes[0].name: must be at most 63"],
    [withVolumes("{name: v}, {name: v}"), 'volumes[1].name: there is another volume "v"'],
    [
      withVolumes("{name: v, emptyDir: {}, hostPath: {path: /x}}"),
      "volumes[0]: may have only one of emptyDir and hostPath",
    ],
    [pod("{hostname: My_Host, containers: [{name: c, image: i}]}"), "spec.hostname: must be at most 63"],
    [withVolumes("{name: v, secret: {name: s}}"), 'secret.name: unknown field (did you mean "secretName"?)'],
    [
      withVolumes("{name: v, persistentVolumeClaim: {name: s}}"),
      'name: unknown field (did you mean "claimName"?)',
    ],
    [withVolumes("{name: v, emtpyDir: {}}"), '(did you mean "emptyDir"?)'],
    [withVolumes("{name: v, emptyDir: {medium: memory}}"), '(did you mean "Memory"?)'],
    [withVolumes("{name: v, emptyDir: {sizeLimit: -1}}"), "sizeLimit: may not be negative"],
    [withVolumes("{name: v, hostPath: {}}"), "hostPath.path: is required"],
    [withVolumes("{name: v, hostPath: {path: data}}"), "hostPath.path: must be an absolute path"],
    [withVolumes("{name: v, hostPath: {path: /a/../b}}"), 'hostPath.path: may not contain ".."'],
    [
      withVolumes("{name: v, hostPath: {path: /a, type: Dir}}"),
      "hostPath.type: must be one of DirectoryOrCreate",
    ],
    [withVolumes("{name: v, configMap: {}}"), "configMap.name: is required"],
    [withVolumes("{name: v, configMap: {name: a, defaultMode: 01000}}"), "must be between 0 and 0777"],
    [withVolumes("{name: v, configMap: {name: a, defaultMode: '0644'}}"), "must be a 32-bit integer"],
    [
      withVolumes("{name: v, configMap: {name: a, items: [{key: k, path: ../x}]}}"),
      'items[0].path: may not contain ".."',
    ],
    [withVolumes("{name: v, configMap: {name: a, items: [{key: k, path: /x}]}}"), "must be a relative path"],
    [withVolumes("{name: v, configMap: {name: a, items: [{key: k, path: ..x}]}}"), 'may not begin with ".."'],
    [withVolumes("{name: v, configMap: {name: a, items: [{key: k}]}}"), "items[0].path: is required"],
    [
      withVolumes("{name: v, secret: {secretName: a, items: [{key: k, path: x}, {key: l, path: x}]}}"),
      'another file of the volume has the path "x"',
    ],
    [withVolumes("{name: v, secret: {name: a}}"), "secret.name: unknown field"],
    [
      withVolumes("{name: v, nfss: {server: s}}"),
      'volumes[0].nfss: unknown volume kind "nfss" (known: configMap, secret, hostPath, emptyDir, downwardAPI, ' +
        "projected, persistentVolumeClaim)",
    ],
    [withVolumes("{name: v, configmap: {name: a}}"), 'persistentVolumeClaim) (did you mean "configMap"?)'],
    [withVolumes("{nme: v, emptyDir: {}}"), 'persistentVolumeClaim) (did you mean "name"?)'],
    [withVolumes("{name: v, secret: {}}"), "secret.secretName: is required"],
    [withVolumes("{name: v, persistentVolumeClaim: {claimName: A}}"), "claimName: must be"],
    [withVolumes("{name: v, downwardAPI: {items: [{path: x}]}}"), "items[0]: must say where"],
    [
      withVolumes("{name: v, downwardAPI: {items: [{path: x, fieldRef: {fieldPath: status.podIP}}]}}"),
      "is not a field that can be used here",
    ],
    [
      withVolumes("{name: v, downwardAPI: {items: [{path: x, resourceFieldRef: {resource: limits.cpu}}]}}"),
      "containerName: is required in a volume",
    ],
    [withVolumes("{name: v, projected: {sources: [{}]}}"), "sources[0]: must say where"],
    [
      withVolumes("{name: v, projected: {sources: [{secret: {name: a}, configMap: {name: b}}]}}"),
      "may have only one of secret and configMap",
    ],
    [
      withVolumes(
        "{name: v, projected: {sources: [{secret: {name: a, items: [{key: a, path: x}]}}, {serviceAccountToken: {path: x}}]}}",
      ),
      "sources[1].serviceAccountToken.path: another file",
    ],
  ])("in a Pod: %j", (text, message) => {
    const { code, lines } = failure(text);
    expect(lines.join("\n")).toContain(message);
    expect(lines[0]).toMatch(/^x\.yaml, document 1, line \d+: /);
    expect(code).toBe("InvalidField");
  });

  it.each(["metadata.labels['app']", "metadata.labels.app", "metadata.annotations.example.org/x"])(
    "but not the field path %s",
    (fieldPath) => {
      const env = JSON.stringify([{ name: "A", valueFrom: { fieldRef: { fieldPath } } }]);
      const { pods } = parse(withContainer(`env: ${env}`));
      expect(pods[0]?.spec?.containers[0]?.env?.[0]?.valueFrom?.fieldRef?.fieldPath).toBe(fieldPath);
    },
  );

  it("gives no hint that would be refused itself", () => {
    const { lines } = failure(withVolumes("{name: v, nfss: {server: s}}"));
    expect(lines.join("\n")).not.toContain("did you mean");
  });

  it.each<[string, string]>([
    ["kind: ConfigMap\ndata: {a: 1}", "data.a: must be a string, got the number 1"],
    ["kind: ConfigMap\ndata: {a/b: x}", "data[a/b]: the key must be"],
    ["kind: ConfigMap\ndata: {..a: x}", "the key must be"],
    ["kind: ConfigMap\ndata: {a: x}\nbinaryData: {a: eA==}", "binaryData.a: the key is in data too"],
    ["kind: ConfigMap\nbinaryData: {a: '%'}", "binaryData.a: is not valid base64"],
    [`kind: ConfigMap\ndata: {a: ${"x".repeat(1_048_577)}}`, "1 MiB in all"],
    ["kind: Secret\ndata: {a: plain text}", "data.a: is not valid base64"],
    ["kind: Secret\nstringData: {a: 1}", "stringData.a: must be a string"],
    ["kind: Secret\nstringdata: {a: b}", '(did you mean "stringData"?)'],
    [
      "kind: Secret\ntype: kubernetes.io/tls\nstringData: {tls.key: x}",
      "data[tls.crt]: is required in a Secret of type kubernetes.io/tls",
    ],
    [
      "kind: Secret\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: nope}",
      "data[.dockerconfigjson]: is no JSON",
    ],
    ["kind: PersistentVolumeClaim\nspec: {}", "spec.accessModes: is required"],
    [
      "kind: PersistentVolumeClaim\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 0}}}",
      "spec.resources.requests.storage: must be greater than 0",
    ],
    [
      "kind: PersistentVolumeClaim\nspec: {accessModes: [ReadWrite], resources: {requests: {storage: 1Gi}}}",
      "spec.accessModes[0]: must be one of",
    ],
    [
      "kind: PersistentVolumeClaim\nspec: {accessModes: [ReadWriteOnce]}",
      "spec.resources.requests.storage: is required",
    ],
    [
      "kind: PersistentVolumeClaim\nspec: {accessModes: [ReadWriteOnce], volumeMode: Block, resources: {requests: {storage: 1Gi}}}",
      "WASI has no block devices",
    ],
  ])("in another object: %.60s", (text, message) => {
    expect(failure(`apiVersion: v1\nmetadata: {name: a}\n${text}`).lines.join("\n")).toContain(message);
  });

  it("is the same object twice in a manifest", () => {
    const text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    expect(failure(`${text}---\n${text}`).lines).toEqual([
      'x.yaml, document 2, line 7: metadata.name: there is another ConfigMap "a" in the manifest',
    ]);
    expect(parse(`${text}---\n${text.replace("a}", "a, namespace: b}")}`).configMaps).toHaveLength(2);
  });
});

describe("what is read", () => {
  it("has the objects beside the Pods, with their namespaces", () => {
    const manifest = parse(`${withContainer("args: [a]")}---
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: ns}
data: {a: x, b: , __proto__: y1}
binaryData: {d: eA==}
immutable: true
---
apiVersion: v1
kind: Secret
metadata: {name: s}
type: example.com/own
data: {a: eA==, b: eA==}
stringData: {b: "é"}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: v}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
`);
    expect(manifest.pods).toHaveLength(1);
    const [configMap] = manifest.configMaps;
    expect(Object.entries(configMap!.data!)).toEqual([
      ["a", "x"],
      ["b", ""],
      ["__proto__", "y1"],
    ]);
    expect(configMap).toMatchObject({ immutable: true, metadata: { name: "c", namespace: "ns" } });
    expect(manifest.secrets).toEqual([
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "s", namespace: "default" },
        type: "example.com/own",
        data: { a: "eA==", b: "w6k=" },
      },
    ]);
    expect(manifest.persistentVolumeClaims).toMatchObject([
      { metadata: { name: "v", namespace: "default" } },
    ]);
    expect(manifest.warnings).toEqual([
      'x.yaml, document 5, line 26: Service "web" ignored: it means nothing without a cluster',
    ]);
  });

  it("may be a List of anything, and a PodList whose items have no kind", () => {
    const list = `apiVersion: v1
kind: List
items:
- ${JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } })}
- {apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {containers: [{name: c, image: i}]}}
---
apiVersion: v1
kind: PodList
metadata: {resourceVersion: "1"}
items: [{metadata: {name: c}, spec: {containers: [{name: c, image: i}]}}]
`;
    const { pods, configMaps } = parse(list);
    expect(pods.map(({ metadata }) => metadata?.name)).toEqual(["b", "c"]);
    expect(configMaps).toHaveLength(1);
    const bad = list.replace("{containers: [{name: c, image: i}]}}]", "{containers: []}}]");
    expect(failure(bad).lines[0]).toContain("items[0].spec.containers: is required");
  });

  it("is what kubectl exports, too", () => {
    const { pods } = parse(
      pod(
        "{containers: [{name: c, image: i:v1, resources: {}}], tolerations: null}\nstatus: {phase: Running}",
        "name: p, creationTimestamp: null, resourceVersion: '1', managedFields: [{manager: x, fieldsV1: {'f:a': {}}}]",
      ),
    );
    expect(pods).toHaveLength(1);
  });

  it("takes octal modes and numbers for quantities", () => {
    const text = withContainer(
      "resources: {limits: {cpu: 1.5, memory: 1e9}}",
      "volumes: [{name: v, configMap: {name: a, defaultMode: 0600}}]",
    );
    const { spec } = parse(text).pods[0]!;
    expect(spec!.volumes![0]!.configMap!.defaultMode).toBe(0o600);
    expect(spec!.containers[0]!.resources!.limits).toEqual({ cpu: "1.5", memory: "1000000000" });
  });

  it("follows aliases between containers", () => {
    const { spec } = parse(
      pod("{containers: [{name: a, image: i, env: &e [{name: A, value: x}]}, {name: b, image: i, env: *e}]}"),
    ).pods[0]!;
    expect(spec!.containers[1]!.env).toEqual([{ name: "A", value: "x" }]);
  });
});
