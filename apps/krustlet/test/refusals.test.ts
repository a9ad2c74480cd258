import { execFileSync } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { buildModule, emptyComponent } from "@krustlet/testkit";
import { expect, it, vi } from "vitest";

import { runCli } from "../src/run-cli.ts";
import { openHost } from "./fake-host.ts";

// Some of them start threads; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 30_000 });

interface Refusal {
  readonly args: readonly string[];
  readonly code: number;
  /** What the one sentence says. */
  readonly says: RegExp;
}

const pod = (spec: object): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p" },
    spec: { restartPolicy: "Never", ...spec },
  });

const files: Readonly<Record<string, string | Uint8Array>> = {
  "text.wasm": "this is text",
  "short.wasm": "\0asm",
  "notes.txt": "this is text",
  "component.wasm": emptyComponent,
  "start.wasm": buildModule({ functions: { _start: [] }, memory: { min: 1 } }),
  "moon.wasm": buildModule({ imports: [["moon", "base"]], functions: { _start: [] }, memory: { min: 1 } }),
  "broken.yaml": "spec: [",
  "latin1.yaml": Buffer.concat([Buffer.from("kind: caf"), Buffer.of(0xe9)]),
  "endless.yaml": pod({ containers: [{ name: "c", image: "./endless.wasm" }] }),
  "pipe.yaml": pod({ containers: [{ name: "c", image: "./pipe.wasm" }] }),
  "map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n",
  "class.yaml": pod({ runtimeClassName: "quantum", containers: [{ name: "c", image: "./start.wasm" }] }),
  "key.yaml": pod({
    containers: [
      {
        name: "c",
        image: "./start.wasm",
        env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "m", key: "k" } } }],
      },
    ],
  }),
};

const refusals: readonly Refusal[] = [
  {
    args: ["fly"],
    code: 2,
    says: /"fly" is no command; there are run, node, bootstrap, pull, images, inspect/,
  },
  { args: ["run"], code: 2, says: /needs a manifest, a \.wasm file or an image/ },
  { args: ["imges"], code: 2, says: /"imges" is no command \(did you mean "images"\?\)/ },
  { args: ["help", "fly"], code: 2, says: /"fly" is no command/ },
  { args: ["run", "--fly", "start.wasm"], code: 2, says: /unknown option --fly$/m },
  { args: ["run", "--volum", "a:/b"], code: 2, says: /unknown option --volum \(did you mean "--volume"\?\)/ },
  { args: ["run", "--network", "bridge"], code: 2, says: /--network "bridge" is not one of pod, host$/m },
  {
    args: ["run", "--network", "host", "-p", "80:81", "start.wasm"],
    code: 2,
    says: /-p "80:81": with --network host .* have to be the same$/m,
  },
  { args: ["run", "--network", "host", "key.yaml"], code: 2, says: /--network: a manifest says that itself/ },
  { args: ["run", "-x"], code: 2, says: /unknown option -x$/m },
  { args: ["run", "--name"], code: 2, says: /--name needs a value$/m },
  { args: ["run", "-m", "-1", "start.wasm"], code: 2, says: /--memory needs a value; .*--memory=-…/ },
  { args: ["run", "--quiet=yes"], code: 2, says: /--quiet takes no value$/m },
  { args: ["run", "--memory=-1", "start.wasm"], code: 2, says: /--memory "-1" is less than nothing/ },
  { args: ["run", "--name", "../x", "start.wasm"], code: 2, says: /--name "\.\.\/x" is not at most 63/ },
  { args: ["run", "-v", "dir:/d", "-v", ".:/d/", "start.wasm"], code: 2, says: /there is another -v at/ },
  {
    args: ["run", "-v", "/dev/null:/n", "start.wasm"],
    code: 2,
    says: /-v \/dev\/null: it is neither a file/,
  },
  {
    args: ["run", "--output", "xml", "start.wasm"],
    code: 2,
    says: /--output "xml" is not one of text, json/,
  },
  { args: ["run", "start.wasm", "x"], code: 2, says: /"x": arguments for the guest come after --/ },
  { args: ["run", "-v", "data", "start.wasm"], code: 2, says: /-v "data" is not host:guest/ },
  { args: ["run", "-v", "/a:b", "start.wasm"], code: 2, says: /-v "\/a:b"/ },
  { args: ["run", "-v", "/a:/b/../c", "start.wasm"], code: 2, says: /"\.\."/ },
  { args: ["run", "-v", "absent:/d", "start.wasm"], code: 2, says: /-v absent: there is no such file/ },
  { args: ["run", "-p", "99999:1", "start.wasm"], code: 2, says: /-p "99999:1"/ },
  { args: ["run", "-e", "=x", "start.wasm"], code: 2, says: /-e "=x" has no name/ },
  { args: ["run", "--memory", "lots", "start.wasm"], code: 2, says: /--memory "lots" is no amount/ },
  { args: ["run", "--env-file", "absent", "start.wasm"], code: 2, says: /--env-file absent cannot be read/ },
  { args: ["run", "--name", "x", "map.yaml"], code: 2, says: /--name: a manifest says that itself/ },
  { args: ["run", "https://registry.example/x.wasm"], code: 2, says: /is a URL/ },
  { args: ["run", "--watch", "absent"], code: 2, says: /--watch absent: there is no such/ },
  { args: ["run", "--watch", "."], code: -1, says: /./ },
  { args: ["run", "dir"], code: 2, says: /dir cannot be read: it is a directory/ },
  { args: ["run", "endless.wasm"], code: 2, says: /endless\.wasm cannot be read: it is no regular file/ },
  { args: ["run", "pipe.wasm"], code: 2, says: /pipe\.wasm cannot be read: it is no regular file/ },
  { args: ["run", "endless.yaml"], code: 125, says: /endless\.wasm cannot be read: it is no regular file/ },
  { args: ["run", "pipe.yaml"], code: 125, says: /pipe\.wasm cannot be read: it is no regular file/ },
  { args: ["run", "absent.wasm"], code: 2, says: /absent\.wasm cannot be read: there is no such file/ },
  { args: ["run", "absent.yaml"], code: 2, says: /absent\.yaml cannot be read/ },
  {
    args: ["run", "notes.txt"],
    code: 126,
    says: /notes\.txt is neither a WebAssembly module nor a \.yaml manifest/,
  },
  { args: ["run", "text.wasm"], code: 126, says: /text\.wasm is not WebAssembly/ },
  { args: ["run", "short.wasm"], code: 126, says: /short\.wasm is not WebAssembly: it has only 4 bytes/ },
  { args: ["run", "moon.wasm"], code: 126, says: /moon.*base/ },
  { args: ["run", "component.wasm"], code: 126, says: /component/ },
  { args: ["run", "broken.yaml"], code: 125, says: /broken\.yaml/ },
  { args: ["run", "latin1.yaml"], code: 125, says: /latin1\.yaml: the manifest is not UTF-8 text/ },
  { args: ["run", "map.yaml"], code: 125, says: /map\.yaml holds no Pod/ },
  {
    args: ["run", "class.yaml"],
    code: 125,
    says: /runtimeClassName "quantum" is none that this node knows \(wasi, wasmer\)/,
  },
  {
    args: ["run", "--runtime", "quantum", "start.wasm"],
    code: 2,
    says: /--runtime "quantum" is not one of wasi, wasmer/,
  },
  { args: ["run", "key.yaml"], code: 125, says: /configmap "m" not found/ },
  { args: ["run", "--pull", "never", "registry.example/x:v1"], code: 125, says: /registry\.example\/x:v1/ },
  { args: ["run", "UPPER CASE"], code: 125, says: /"UPPER CASE" is no image reference/ },
  { args: ["pull"], code: 2, says: /needs an image/ },
  { args: ["images", "polish"], code: 2, says: /knows rm and prune, not "polish"/ },
  { args: ["images", "rm", "registry.example/x:v1"], code: 125, says: /there is no such image/ },
  { args: ["inspect"], code: 2, says: /needs one image or file/ },
  { args: ["inspect", "map.yaml"], code: 2, says: /map\.yaml is a manifest/ },
  { args: ["inspect", "text.wasm"], code: 126, says: /text\.wasm is not WebAssembly/ },
].filter(({ code }) => code !== -1);

it.each(refusals)("krustlet $args is refused in one sentence", async ({ args, code, says }) => {
  await using host = await openHost();
  await mkdir(join(host.directory, "dir"));
  await symlink("/dev/zero", join(host.directory, "endless.wasm"));
  execFileSync("mkfifo", [join(host.directory, "pipe.wasm")]);
  for (const [name, contents] of Object.entries(files)) await writeFile(join(host.directory, name), contents);
  expect(await host.run(...args)).toBe(code);
  expect(host.printed.stdout).toBe("");
  expect(host.printed.stderr).toMatch(/^krustlet: [^\n]+\n$/);
  expect(host.printed.stderr).toMatch(says);
  expect(host.printed.stderr).not.toContain("    at ");
});

it("a manifest without an end on stdin is refused without reading all of it", async () => {
  await using host = await openHost();
  let left = 40;
  const stdin = {
    async *[Symbol.asyncIterator]() {
      for (; left > 0; left -= 1) yield await Promise.resolve(Buffer.alloc(2 ** 20, "#"));
    },
  };
  expect(await runCli(["run", "-"], { ...host, stdin })).toBe(125);
  expect(host.printed.stderr).toBe("krustlet: standard input: the manifest is larger than 4 MiB\n");
  expect(left).toBeGreaterThan(0);
});

it("--verbose adds the stack, with its causes", async () => {
  await using host = await openHost();
  await host.run("run", "--verbose", "absent.wasm");
  expect(host.printed.stderr).toMatch(/^krustlet: absent\.wasm .*\n[^]*\n {4}at [^]*caused by: /);
});
