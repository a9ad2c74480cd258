import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { FakeClock } from "@krustlet/testkit";
import type { V1Pod } from "@kubernetes/client-node";

import { startKubeletApi } from "../src/index.ts";
import type { ContainerLog, KubeletApiInit, ServingTls } from "../src/index.ts";
import { newAuthority } from "./authority.ts";
import type { Authority, Identity } from "./authority.ts";

/** An answer, read to its end. */
interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** A server under test, pods that a test puts there, and clients. */
export interface ApiBench extends AsyncDisposable {
  readonly port: number;
  readonly directory: string;
  readonly clock: FakeClock;
  readonly authority: Authority;
  /** In the group of the cluster's administrators. */
  readonly admin: Identity;
  readonly pods: V1Pod[];
  /** By container ID. */
  readonly logs: Map<string, ContainerLog>;
  readonly warnings: string[];
  /** What the server shows itself with; may be replaced. */
  tls: ServingTls;
  /** Begins a request, by default as the administrator. Resolves with the head of its answer. */
  open(path: string, options?: RequestOptions): Promise<IncomingMessage>;
  get(path: string, options?: RequestOptions): Promise<Answer>;
}

/** Starts a server on loopback. */
export async function openApiBench(init: Partial<KubeletApiInit> = {}): Promise<ApiBench> {
  const directory = await mkdtemp(join(tmpdir(), "krustlet-api-"));
  const authority = newAuthority();
  const admin = authority.sign({ name: "admin", group: "system:masters" });
  const serving = newAuthority("test servers").sign({ name: "node-1", usage: "serverAuth" });
  const pods: V1Pod[] = [];
  const logs = new Map<string, ContainerLog>();
  const warnings: string[] = [];
  const clock = new FakeClock(new Date());
  const state = { tls: { ...serving, clientCa: authority.pem } as ServingTls };
  const api = await startKubeletApi({
    address: "127.0.0.1",
    port: 0,
    nodeName: "node-1",
    tls: () => state.tls,
    clock,
    pods: {
      list: () => pods,
      running: () => pods.filter(({ status }) => status?.phase === "Running"),
      find: (namespace, name) =>
        pods.find(({ metadata }) => metadata?.namespace === namespace && metadata?.name === name),
      logOf: (_pod, _container, containerID) => logs.get(containerID),
    },
    authentication: {},
    authorization: { mode: "AlwaysAllow" },
    healthChecks: { log: () => undefined, syncloop: () => undefined },
    configz: () => ({ kind: "KubeletConfiguration", apiVersion: "kubelet.config.k8s.io/v1beta1" }),
    onWarning: (message) => void warnings.push(message),
    ...init,
  });

  const open: ApiBench["open"] = (path, options = {}) =>
    new Promise((resolve, reject) => {
      const { key, cert } = admin;
      request(
        {
          host: "127.0.0.1",
          port: api.port,
          path,
          key,
          cert,
          rejectUnauthorized: false,
          agent: false,
          ...options,
        },
        resolve,
      )
        .on("error", reject)
        .end();
    });

  return {
    port: api.port,
    directory,
    clock,
    authority,
    admin,
    pods,
    logs,
    warnings,
    get tls() {
      return state.tls;
    },
    set tls(tls) {
      state.tls = tls;
    },
    open,
    get: async (path, options) => {
      const answer = await open(path, options);
      return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
    },
    [Symbol.asyncDispose]: async () => {
      await api[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A pod `default/web` with a container `main` that runs as `wasi://1`. */
export function runningPod(init: Partial<V1Pod> = {}): V1Pod {
  return {
    metadata: { namespace: "default", name: "web", uid: "u-1" },
    spec: { containers: [{ name: "main", image: "registry.example/web:v1" }] },
    status: {
      phase: "Running",
      containerStatuses: [
        {
          name: "main",
          image: "registry.example/web:v1",
          imageID: "",
          ready: true,
          restartCount: 0,
          containerID: "wasi://1",
          state: { running: {} },
          lastState: {},
        },
      ],
    },
    ...init,
  };
}
