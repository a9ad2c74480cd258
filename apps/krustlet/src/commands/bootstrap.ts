import { access } from "node:fs/promises";
import { join, resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";
import { openKube, pathOf } from "@krustlet/kube";
import type { Kube } from "@krustlet/kube";
import { buildKubeconfig, createBootstrapToken, writePrivateFile } from "@krustlet/node";
import type { BootstrapBinding, BootstrapClient } from "@krustlet/node";

import { bootstrapClusterOf, warningsOfCluster } from "../bootstrap/bootstrap-cluster.ts";
import {
  assertReplaceable,
  clientAuthorityFileOf,
  readClientAuthority,
} from "../bootstrap/client-authority.ts";
import type { CommandContext } from "../command.ts";
import { reasonOf } from "../run-options.ts";
import { version } from "../version.ts";

const SECRETS = "/api/v1/namespaces/kube-system/secrets";

/** `krustlet bootstrap`: a bootstrap token in the cluster, and a kubeconfig with it for a node to join with. */
export async function bootstrap(context: CommandContext): Promise<number> {
  const { host, line } = context;
  const [extra] = [...line.positionals, ...(line.rest ?? [])];
  if (extra !== undefined) {
    throw new KrustletError("InvalidUsage", `krustlet bootstrap takes options only, not "${extra}"`);
  }
  const kubeconfig = kubeconfigOf(context);
  const file = resolve(host.cwd, line.text("file") ?? join(context.root, "config", "bootstrap.conf"));
  const replace = line.flag("force");
  if (!replace && (await exists(file))) throw refusalOf(file);
  const cluster = await bootstrapClusterOf(kubeconfig, line.text("server"));

  await using kube = await openKube({ kubeconfig, userAgent: `krustlet/${version()} bootstrap` });
  const authority = await readClientAuthority(kube);
  const authorityFile = clientAuthorityFileOf(file);
  if ("pem" in authority) await assertReplaceable(authorityFile, authority.pem, replace);
  const { token, expires, bindings } = await createBootstrapToken(clientOf(kube), new Date());
  try {
    const text = buildKubeconfig({ cluster, user: { token: `${token.id}.${token.secret}` } });
    if (!(await write(file, text, !replace))) throw refusalOf(file);
    if ("pem" in authority) await write(authorityFile, authority.pem, false);
  } catch (error) {
    // A token that nobody has is of no use to anybody who means well.
    const path = SECRETS + pathOf(`bootstrap-token-${token.id}`);
    await kube.request({ method: "DELETE", path }).catch(() => undefined);
    throw error;
  }

  await host.stdout.write(`${file}\n`);
  const sentences = [
    ...warningsOfCluster(cluster),
    ...bindings.flatMap((binding) => warningOf(binding)),
    `The token in ${file} is good until ${expires.toISOString()}; whoever has the file can join as a node until then.`,
    ...("pem" in authority
      ? []
      : [
          `Whose certificates name users is not known (${authority.reason}); kubectl logs needs --client-ca-file.`,
        ]),
    `On the node's machine: krustlet node --bootstrap-kubeconfig ${file}${"pem" in authority ? ` --client-ca-file ${authorityFile}` : ""}`,
  ];
  await host.stderr.write(sentences.map((sentence) => `${sentence}\n`).join(""));
  return 0;
}

/** `--kubeconfig`, else `$KUBECONFIG`, else `~/.kube/config`, as kubectl has it. */
function kubeconfigOf({ host, line }: CommandContext): string {
  const given = line.text("kubeconfig");
  if (given !== undefined) return resolve(host.cwd, given);
  const named = (host.env["KUBECONFIG"] ?? "").split(":").filter((path) => path !== "");
  if (named.length > 1) {
    throw new KrustletError("InvalidUsage", "$KUBECONFIG names several files; give one with --kubeconfig");
  }
  return named[0] === undefined ? join(host.home, ".kube", "config") : resolve(host.cwd, named[0]);
}

function clientOf(kube: Kube): BootstrapClient {
  const bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
  return {
    createSecret: (body, options) => kube.request({ method: "POST", path: SECRETS, body }, options),
    createClusterRoleBinding: (body, options) =>
      kube.request({ method: "POST", path: bindings, body }, options),
    getClusterRoleBinding: (name, options) => kube.request({ path: bindings + pathOf(name) }, options),
  };
}

function warningOf({ name, role, group, state, reason }: BootstrapBinding): string[] {
  if (state !== "missing") return [];
  return [
    `The ClusterRoleBinding ${name} is not made: ${reason ?? "no reason is given"}. Unless the cluster has one like it, an administrator needs: kubectl create clusterrolebinding ${name} --clusterrole=${role} --group=${group}`,
  ];
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

async function write(file: string, text: string, keep: boolean): Promise<boolean> {
  try {
    return await writePrivateFile(file, text, keep);
  } catch (cause) {
    throw new KrustletError("InvalidUsage", `${file} cannot be written: ${reasonOf(cause)}`, { cause });
  }
}

function refusalOf(file: string): KrustletError {
  return new KrustletError(
    "InvalidUsage",
    `${file} is there already; --force replaces it, --file names another`,
  );
}
