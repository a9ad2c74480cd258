import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { openHost } from "./fake-host.ts";
import type { FakeHost } from "./fake-host.ts";

/** Writes a kubeconfig for an API server that is not there. */
async function writeKubeconfig(host: FakeHost, path: string, cluster: string): Promise<void> {
  const file = join(host.directory, path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(
    file,
    `{clusters: [{name: c, cluster: {${cluster}}}], users: [{name: u, user: {token: t}}], contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`,
  );
}

describe("krustlet bootstrap", () => {
  it.each([
    [["now"], 2, 'krustlet bootstrap takes options only, not "now"'],
    [[], 2, "there is no kubeconfig "],
    [["--kubeconfig", "none.conf"], 2, "none.conf; give one with --kubeconfig"],
    [["--kubeconfig", "admin.conf", "--server", "http://x"], 2, '--server "http://x" is no https address'],
    [["--kubeconfig", "broken.conf"], 125, "broken.conf has no current-context"],
    [["--kubeconfig", "no-ca.conf"], 125, "The certificate authority "],
    [["--kubeconfig", "admin.conf"], 125, "The bootstrap token cannot be made in namespace kube-system: "],
  ])("ends with one sentence and writes nothing: %j", async (args, code, sentence) => {
    await using host = await openHost();
    await writeKubeconfig(host, "admin.conf", "server: 'https://127.0.0.1:1'");
    await writeKubeconfig(host, "no-ca.conf", "server: 'https://127.0.0.1:1', certificate-authority: ca.crt");
    await writeFile(join(host.directory, "broken.conf"), "clusters: []\n");
    expect(await host.run("bootstrap", ...args)).toBe(code);
    expect(host.printed.stderr).toMatch(/^krustlet: [^\n]+\n$/u);
    expect(host.printed.stderr).toContain(sentence);
    expect(host.printed.stdout).toBe("");
    await expect(readFile(join(host.directory, "root", "config", "bootstrap.conf"))).rejects.toThrow(
      "ENOENT",
    );
  });

  it("never replaces a file by itself, and asks nobody for a token in vain", async () => {
    await using host = await openHost();
    await writeKubeconfig(host, ".kube/config", "server: 'https://127.0.0.1:1'");
    await writeFile(join(host.directory, "mine.conf"), "mine");
    expect(await host.run("bootstrap", "--file", "mine.conf")).toBe(2);
    const there = join(host.directory, "mine.conf");
    expect(host.printed.stderr).toBe(
      `krustlet: ${there} is there already; --force replaces it, --file names another\n`,
    );
    expect(await host.run("bootstrap", "--file", "mine.conf", "--force")).toBe(125);
    expect(await readFile(there, "utf8")).toBe("mine");
  });

  it("takes one kubeconfig of $KUBECONFIG", async () => {
    await using host = await openHost();
    Object.assign(host.env, { KUBECONFIG: "a.conf:b.conf" });
    expect(await host.run("bootstrap")).toBe(2);
    expect(host.printed.stderr).toBe(
      "krustlet: $KUBECONFIG names several files; give one with --kubeconfig\n",
    );
    Object.assign(host.env, { KUBECONFIG: ":a.conf" });
    expect(await host.run("bootstrap")).toBe(2);
    expect(host.printed.stderr).toContain(`there is no kubeconfig ${join(host.directory, "a.conf")}`);
  });
});
