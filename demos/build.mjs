/**
 * Compiles the demos: `node demos/build.mjs [--brief] [demo …]`. Each module lands in `demos/<demo>/build/`.
 * What did not change is not compiled again. A language whose compiler is missing here is left out, and says so.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { canCompileC, rustForWasi } from "../tools/toolchains.mjs";

const demos = dirname(fileURLToPath(import.meta.url));
const root = dirname(demos);

/** Every module: `[demo, module, language, source]`, the source relative to the demo. */
const MODULES = [
  ["hello", "hello", "assemblyscript", "assembly/hello.ts"],
  ["hello", "hello-c", "c", "hello.c"],
  ["hello", "hello-go", "go", "go"],
  ["hello", "hello-rust", "rust", "hello.rs"],
  ["config-map-reader", "config-map-reader", "assemblyscript", "assembly/config-map-reader.ts"],
  ["shared-volume", "writer", "assemblyscript", "assembly/writer.ts"],
  ["shared-volume", "reader", "assemblyscript", "assembly/reader.ts"],
  ["init-chain", "step", "assemblyscript", "assembly/step.ts"],
  ["restart-backoff", "restart-backoff", "assemblyscript", "assembly/restart-backoff.ts"],
  ["exerciser", "exerciser", "assemblyscript", "assembly/exerciser.ts"],
  ["server", "server", "c", "server.c"],
  ["graceful-stop", "graceful-stop", "c", "graceful-stop.c"],
  ["graceful-stop", "graceful-stop-go", "go", "go"],
];

/** A language: its name, the command that makes `out` of `source`, and whether its compiler is here. */
const LANGUAGES = {
  assemblyscript: {
    name: "AssemblyScript",
    needs: "assemblyscript (npm install)",
    available: () => existsSync(join(root, "node_modules", "assemblyscript")),
    // Its compiler is JavaScript: called here, it is loaded and warmed up once for all of the modules.
    command: (source, out) => ({
      args: [
        source,
        `--config=${join("node_modules", "@assemblyscript", "wasi-shim", "asconfig.json")}`,
        `--outFile=${out}`,
        "--optimize",
      ],
      run: compileAssemblyScript,
    }),
  },
  c: {
    name: "C",
    needs: "Debian's clang, lld, wasi-libc and libclang-rt-14-dev-wasm32",
    available: canCompileC,
    command: (source, out) => ({
      program: "clang",
      args: [
        "--target=wasm32-wasi",
        "--sysroot=/usr",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        source,
        "-o",
        out,
      ],
    }),
  },
  go: {
    name: "Go",
    needs: "Go 1.21 or newer",
    available: () =>
      answers("go", "tool", "dist", "list") && answer("go", "tool", "dist", "list").includes("wasip1"),
    command: (source, out) => ({
      program: "go",
      args: ["build", "-trimpath", "-ldflags=-s -w", "-o", join(root, out), "."],
      cwd: source,
      env: { GOOS: "wasip1", GOARCH: "wasm", GOFLAGS: "-mod=mod", GOWORK: "off", GOTOOLCHAIN: "local" },
    }),
  },
  rust: {
    name: "Rust",
    needs: "rustc with the target wasm32-wasip1, or Debian's rustc and libstd-rust-dev-wasm32",
    available: () => rustForWasi() !== undefined,
    command: (source, out) => {
      const { program, target } = rustForWasi();
      return {
        program,
        args: [`--target=${target}`, "--edition=2021", "-O", "-C", "strip=debuginfo", "-o", out, source],
      };
    },
  },
};

async function compileAssemblyScript(args) {
  const { main } = await import("assemblyscript/asc");
  const { stdout, stderr } = process;
  const { error } = await main(args, { stdout, stderr });
  return error === null;
}

/** Runs a compiler; true when it succeeded. */
function runCompiler({ program, args, cwd = ".", env = {} }) {
  const options = {
    cwd: join(root, cwd),
    env: { ...process.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  };
  return spawnSync(program, args, options).status === 0;
}

function answer(program, ...args) {
  return spawnSync(program, args, { encoding: "utf8" }).stdout ?? "";
}

function answers(program, ...args) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** The files that a module is made of: its directory's, and what demos share. */
function sourcesOf(language, source) {
  const directory = statSync(source).isDirectory() ? source : dirname(source);
  const shared = language === "assemblyscript" ? [join(demos, "shared", "assembly")] : [];
  return [directory, ...shared].flatMap((from) =>
    readdirSync(from)
      .toSorted()
      .map((name) => join(from, name))
      .filter((path) => statSync(path).isFile() && !/\.(md|yaml)$/.test(path)),
  );
}

/** Changes whenever the module has to be compiled again. */
function fingerprintOf(command, sources) {
  const hash = createHash("sha256").update(JSON.stringify([command.args, command.env ?? {}]));
  for (const path of sources) hash.update(`\0${relative(root, path)}\0`).update(readFileSync(path));
  return hash.digest("hex");
}

async function buildModule([demo, module, language, path]) {
  const source = join("demos", demo, path);
  const out = join("demos", demo, "build", `${module}.wasm`);
  const command = LANGUAGES[language].command(source, out);
  const record = join(root, dirname(out), `.${module}.sha256`);
  const fingerprint = fingerprintOf(command, sourcesOf(language, join(root, source)));
  if (existsSync(join(root, out)) && existsSync(record) && readFileSync(record, "utf8") === fingerprint) {
    return { out, state: "unchanged" };
  }
  mkdirSync(join(root, dirname(out)), { recursive: true });
  const succeeded = command.run === undefined ? runCompiler(command) : await command.run(command.args);
  if (!succeeded) return { out, state: "failed" };
  writeFileSync(record, fingerprint);
  return { out, state: "built" };
}

// The compilers are given paths from here, so that what they write into modules is the same in every checkout.
process.chdir(root);
const args = process.argv.slice(2);
const brief = args.includes("--brief");
const only = args.filter((argument) => !argument.startsWith("--"));
const unknown = only.find((name) => !MODULES.some(([demo]) => demo === name));
if (unknown !== undefined) {
  process.stderr.write(`demos/build.mjs: there is no demo "${unknown}".\n`);
  process.exit(2);
}
const here = new Map(Object.entries(LANGUAGES).map(([key, language]) => [key, language.available()]));
const counts = { built: 0, unchanged: 0, failed: 0 };

for (const module of MODULES) {
  const [demo, , language] = module;
  if ((only.length > 0 && !only.includes(demo)) || !here.get(language)) continue;
  const { out, state } = await buildModule(module);
  counts[state] += 1;
  const size = state === "failed" ? "" : `, ${(statSync(join(root, out)).size / 1024).toFixed(1)} KiB`;
  if (!brief || state === "failed") {
    process.stdout.write(`${state.padEnd(10)}${out} (${LANGUAGES[language].name}${size})\n`);
  }
}
for (const [key, language] of Object.entries(LANGUAGES)) {
  if (!here.get(key))
    process.stdout.write(`Left out, for want of ${language.needs}: the demos in ${language.name}.\n`);
}
process.stdout.write(`${counts.built} compiled, ${counts.unchanged} unchanged, ${counts.failed} failed.\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;
