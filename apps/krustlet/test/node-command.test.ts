import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { openHost } from "./fake-host.ts";

describe("krustlet node", () => {
  it("prints what holds, whatever it comes from", async () => {
    await using host = await openHost();
    const file = join(host.directory, "kubelet.yaml");
    await writeFile(
      file,
      "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPods: 5\nclusterDNS: [10.0.0.10]\n",
    );
    expect(await host.run("node", "--show-config", "--config", "kubelet.yaml", "-p", "3000")).toBe(0);
    expect(JSON.parse(host.printed.stdout)).toMatchObject({ maxPods: 5, port: 3000 });
  });
  it("reads Krustlet's config.json of its root by itself", async () => {
    await using host = await openHost();
    await mkdir(join(host.directory, "data", "config"), { recursive: true });
    await writeFile(join(host.directory, "data", "config", "config.json"), '{"maxPods": 7}');
    expect(await host.run("node", "--show-config", "--data-dir", "data")).toBe(0);
    expect(JSON.parse(host.printed.stdout)).toMatchObject({ maxPods: 7 });
  });
  it.each([
    [["node", "pods"], 2, 'krustlet node takes options only, not "pods"'],
    [["node", "--", "x"], 2, 'krustlet node takes options only, not "x"'],
    [["node", "--max-pods", "none"], 2, '--max-pods "none" is no whole number'],
    [["node", "--config", "missing.yaml"], 2, "--config missing.yaml cannot be read: there is no such file"],
    [["node", "--kubeconfig", "missing"], 125, "does not exist"],
  ])("ends with one sentence: %j", async (args, code, sentence) => {
    await using host = await openHost();
    expect(await host.run(...args)).toBe(code);
    const last = host.printed.stderr.trimEnd().split("\n").at(-1);
    expect(last).toMatch(/^krustlet: /u);
    expect(last).toContain(sentence);
    expect(host.printed.stderr).not.toContain("    at ");
  });
  it("names file, line and field of a configuration that cannot be", async () => {
    await using host = await openHost();
    await writeFile(
      join(host.directory, "k.yaml"),
      "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmaxPod: 5\n",
    );
    expect(await host.run("node", "--config", "k.yaml")).toBe(125);
    expect(host.printed.stderr).toBe(
      'krustlet: k.yaml, document 1, line 3: maxPod: unknown field (did you mean "maxPods"?)\n',
    );
  });
});
