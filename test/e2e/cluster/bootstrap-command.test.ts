import { randomUUID } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "@krustlet/control-plane";
import { bootstrapNode } from "@krustlet/node";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { krustlet, temporaryDirectory } from "../krustlet.ts";
import { openNodeClient } from "./node-rights.ts";
import { sharedCluster } from "./shared-cluster.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await sharedCluster();
});

/** Joins with what the command made, and resolves to who the node is then. */
async function joined(bootstrapKubeconfig: string, directory: string): Promise<string> {
  const nodeName = `node-${randomUUID()}`;
  const kubeconfig = join(directory, "node.conf");
  await bootstrapNode({
    nodeName,
    kubeconfig,
    bootstrapKubeconfig,
    directory: join(directory, "pki"),
    open: openNodeClient,
  });
  const who = ["auth", "whoami", "--output=jsonpath={.status.userInfo.username}"];
  const name = await cluster.kubectlOutput(who, { kubeconfig });
  return name.replace(nodeName, "<name>");
}

describe("krustlet bootstrap", () => {
  test("makes a file with which a node joins, for an hour and for its owner's eyes", async () => {
    await using home = await temporaryDirectory();
    const run = await krustlet(["bootstrap", "--kubeconfig", cluster.adminKubeconfig], { home: home.path });
    expect(run.code).toBe(0);
    const file = run.stdout.trim();
    expect(file).toMatch(/\/config\/bootstrap\.conf$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(run.stderr).toContain("Only this machine reaches https://127.0.0.1:");
    expect(run.stderr).not.toContain("is not made");
    const authority = file.replace(/\.conf$/, "-client-ca.crt");
    expect(run.stderr).toContain(
      `krustlet node --bootstrap-kubeconfig ${file} --client-ca-file ${authority}\n`,
    );
    expect((await readFile(authority, "utf8")).trim()).toBe(cluster.certificateAuthority.trim());
    const until = /is good until (\S+);/.exec(run.stderr)?.[1] ?? "";
    expect(Math.abs(Date.parse(until) - Date.now() - 3_600_000)).toBeLessThan(60_000);
    const { users } = parse(await readFile(file, "utf8"));
    const [id = ""] = String(users[0].user.token).split(".");
    const secret = ["get", "secret", `bootstrap-token-${id}`, "--namespace=kube-system", "--output=json"];
    expect(JSON.parse(await cluster.kubectlOutput(secret)).type).toBe("bootstrap.kubernetes.io/token");
    expect(await joined(file, home.path)).toBe("system:node:<name>");

    const again = await krustlet(["bootstrap", "--kubeconfig", cluster.adminKubeconfig], { home: home.path });
    expect(again.code).toBe(2);
    expect(again.stderr).toBe(
      `krustlet: ${file} is there already; --force replaces it, --file names another\n`,
    );
    const args = [
      "bootstrap",
      "--kubeconfig",
      cluster.adminKubeconfig,
      "--force",
      "--server",
      "https://192.0.2.1",
    ];
    expect((await krustlet(args, { home: home.path })).code).toBe(0);
    expect(parse(await readFile(file, "utf8")).clusters[0].cluster.server).toBe("https://192.0.2.1");

    await writeFile(authority, "another authority");
    const other = [
      "bootstrap",
      "--kubeconfig",
      cluster.adminKubeconfig,
      "--file",
      "root/config/bootstrap.yaml",
    ];
    const refused = await krustlet(other, { home: home.path });
    expect(refused.stderr).toContain(
      `${authority} is there already, with other authorities; --force replaces it`,
    );
    expect(await readFile(authority, "utf8")).toBe("another authority");
  });

  test("works for whoever may make the token only, and says what else an administrator has to make", async () => {
    await using home = await temporaryDirectory();
    const user = `maker-${randomUUID()}`;
    const kubeconfig = await cluster.kubeconfigFor(user);
    const rbac = "rbac.authorization.k8s.io/v1";
    const rules = [{ apiGroups: [""], resources: ["secrets"], verbs: ["create"] }];
    const metadata = { name: user, namespace: "kube-system" };
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: user };
    const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }];
    await cluster.apply(
      { apiVersion: rbac, kind: "Role", metadata, rules },
      { apiVersion: rbac, kind: "RoleBinding", metadata, roleRef, subjects },
    );
    const run = await krustlet(["bootstrap", "--kubeconfig", kubeconfig], { home: home.path });
    expect(run.code).toBe(0);
    const hint =
      "kubectl create clusterrolebinding krustlet:bootstrap --clusterrole=system:node-bootstrapper --group=system:bootstrappers:krustlet";
    expect(run.stderr).toContain("The ClusterRoleBinding krustlet:bootstrap is not made: ");
    expect(run.stderr).toContain(hint);
    expect(run.stderr).toMatch(
      /Whose certificates name users is not known \(.*cannot get resource "configmaps"/,
    );
    expect(await joined(run.stdout.trim(), home.path)).toBe("system:node:<name>");
  });

  test("says what an account may not do, and writes nothing", async () => {
    await using home = await temporaryDirectory();
    const kubeconfig = await cluster.kubeconfigFor("nobody-in-particular");
    const run = await krustlet(["bootstrap", "--kubeconfig", kubeconfig], { home: home.path });
    expect(run.code).toBe(125);
    expect(run.stderr).toMatch(
      /^krustlet: The bootstrap token cannot be made in namespace kube-system: .*User "nobody-in-particular" cannot create resource "secrets".*\n$/,
    );
    expect(run.stdout).toBe("");
  });
});
