import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildBootstrapObjects } from "./bootstrap-objects.ts";
import type { Component } from "./components/component.ts";
import { createComponent } from "./components/component.ts";
import { freePorts } from "./components/free-ports.ts";
import type { ComponentName } from "./components/plan-components.ts";
import { buildSchedulerConfiguration, planComponents } from "./components/plan-components.ts";
import { readyProbeOf } from "./components/ready-probe.ts";
import type { Cluster } from "./open-cluster.ts";
import { openCluster } from "./open-cluster.ts";
import { buildKubeconfig } from "./pki/build-kubeconfig.ts";
import { clusterFilesOf, createClusterFiles, readKeyPair } from "./pki/cluster-files.ts";
import { issueCertificate } from "./pki/issue-certificate.ts";
import { findPrograms } from "./programs/find-programs.ts";
import { CONTROL_PLANE_PROGRAMS } from "./programs/go-modules.ts";

/** Options of {@link startControlPlane}. */
export interface ControlPlaneOptions {
  /** Told what is being built or waited for, a line at a time. Default: nobody. */
  readonly report?: (line: string) => void;
  /** More arguments for a component's command line; they come last, and the last one counts. */
  readonly args?: Readonly<Partial<Record<ComponentName, readonly string[]>>>;
}

/** A running control plane. Disposing kills all of it and removes its directory. */
export interface ControlPlane extends Cluster, AsyncDisposable {
  readonly etcd: Component;
  readonly apiServer: Component;
  readonly controllerManager: Component;
  readonly scheduler: Component;
}

const PREFIX = "krustlet-control-plane-";

/** The users of the components themselves. */
const USERS: readonly {
  readonly name: string;
  readonly commonName: string;
  readonly organization?: string;
}[] = [
  { name: "admin", commonName: "kubernetes-admin", organization: "system:masters" },
  { name: "controller-manager", commonName: "system:kube-controller-manager" },
  { name: "scheduler", commonName: "system:kube-scheduler" },
];

/**
 * Starts etcd, kube-apiserver, kube-controller-manager and kube-scheduler on free ports of loopback, with everything
 * they write in a temporary directory, and resolves once pods can be created and scheduled, nodes can join by bootstrap
 * token or certificate, and certificates are signed. Programs that were never built are built first. All of it dies
 * with this process.
 *
 * @throws Error that names the component that does not start, and shows the end of its log.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const programs = await findPrograms(CONTROL_PLANE_PROGRAMS, { report: options.report });
  await removeLeftovers();
  const directory = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const running: Component[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(running.map((component) => component.kill()));
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const [etcd = 0, etcdPeer = 0, apiServer = 0, controllerManager = 0, scheduler = 0] = await freePorts(5);
    const plans = planComponents(directory, {
      etcd,
      etcdPeer,
      "kube-apiserver": apiServer,
      "kube-controller-manager": controllerManager,
      "kube-scheduler": scheduler,
    });
    const server = `https://127.0.0.1:${apiServer}`;
    await createClusterFiles(directory);
    await writeUsers(directory, server);
    await writeFile(join(directory, "scheduler.json"), buildSchedulerConfiguration(directory));

    const create = async (name: ComponentName): Promise<Component> => {
      const component = createComponent({
        name,
        program: programs[name],
        args: [...plans[name].args, ...(options.args?.[name] ?? [])],
        directory,
        log: clusterFilesOf(directory).log(name),
        ready: await readyProbeOf(directory, plans[name]),
      });
      running.push(component);
      return component;
    };
    const components = {
      etcd: await create("etcd"),
      apiServer: await create("kube-apiserver"),
      controllerManager: await create("kube-controller-manager"),
      scheduler: await create("kube-scheduler"),
    };
    await components.etcd.start();
    await components.apiServer.start();
    const cluster = await openCluster({ server, directory, kubectl: programs.kubectl });
    await Promise.all([
      components.controllerManager.start().then(() => untilNamespaceIsReady(cluster)),
      components.scheduler.start(),
      cluster.kubectlOutput(["apply", "-f", "-"], { stdin: JSON.stringify(buildBootstrapObjects()) }),
    ]);
    return { ...cluster, ...components, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function writeUsers(directory: string, server: string): Promise<void> {
  const authority = await readKeyPair(directory, "ca");
  for (const { name, ...init } of USERS) {
    const user = issueCertificate(authority, init);
    const config = buildKubeconfig({ server, certificateAuthority: authority.certificate, user });
    await writeFile(clusterFilesOf(directory).kubeconfig(name), config, { mode: 0o600 });
  }
}

/** Pods are refused until their namespace has its ServiceAccount, and their volume needs the root certificate. */
async function untilNamespaceIsReady(cluster: Cluster): Promise<void> {
  const wanted = ["serviceaccount/default", "configmap/kube-root-ca.crt"];
  for (;;) {
    const { code } = await cluster.kubectl(["get", "--output=name", ...wanted]);
    if (code === 0) return;
    await sleep(100);
  }
}

/** Removes the directories that killed processes left. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split("-")[0] : Number.NaN);
    if (Number.isInteger(pid) && !isAlive(pid))
      await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
