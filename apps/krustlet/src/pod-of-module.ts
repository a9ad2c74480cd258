import type { V1Pod } from "@kubernetes/client-node";

import type { RunOptions } from "./run-options.ts";

/** What {@link podOfModule} needs beside the options. */
export interface ModulePodInit {
  /** Absolute path of a `.wasm` file, or an image reference. */
  readonly image: string;
  /** What the module is called: names the pod and its container. */
  readonly module: string;
  readonly uid: string;
  readonly options: RunOptions;
  /** Absolute host paths of the options' volumes, in their order, and what they are. */
  readonly sources: readonly { readonly path: string; readonly isDirectory: boolean }[];
}

/** The Pod that runs one module as `docker run` would: one container, never restarted unless asked for. */
export function podOfModule(init: ModulePodInit): V1Pod {
  const { image, options, sources } = init;
  const name = options.name ?? nameOf(init.module);
  const limits: Record<string, string> = {};
  if (options.memory !== undefined) limits["memory"] = options.memory;
  if (options.cpus !== undefined) limits["cpu"] = options.cpus;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "default",
      uid: init.uid,
      // It shares its process with nobody, so its code runs as it is, on a thread of its own.
      annotations: { "krustlet.dev/isolated": "true" },
    },
    spec: {
      restartPolicy: options.restartPolicy ?? "Never",
      terminationGracePeriodSeconds: 30,
      runtimeClassName: options.runtime,
      hostNetwork: options.network === "host" ? true : undefined,
      containers: [
        {
          name,
          image,
          imagePullPolicy: options.pullPolicy ?? "IfNotPresent",
          args: options.args?.map(literal),
          env: options.env.map(([key, value]) => ({ name: key, value: literal(value) })),
          resources: { limits, requests: limits["cpu"] === undefined ? undefined : { cpu: "0" } },
          ports: options.ports.map(({ ip, hostPort, containerPort }) => ({
            hostIP: ip,
            hostPort,
            containerPort,
          })),
          volumeMounts: options.volumes.map(({ guest, readOnly }, index) => ({
            name: `volume-${index}`,
            mountPath: guest,
            readOnly,
          })),
        },
      ],
      volumes: sources.map(({ path, isDirectory }, index) => ({
        name: `volume-${index}`,
        hostPath: { path, type: isDirectory ? "Directory" : "File" },
      })),
    },
  };
}

/** Keeps Kubernetes from taking `$(VAR)` in what the shell has expanded already. */
function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/** A name that a pod may have, from that of a module: `Hello_World.wasm` is `hello-world`. */
function nameOf(module: string): string {
  const name = module
    .replace(/\.wasm$/u, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/gu, "-")
    .slice(0, 63)
    .replaceAll(/^-+|-+$/gu, "");
  return name === "" ? "module" : name;
}
