/**
 * Runs the preview 1 programs of a checkout of the public WASI test-suite:
 * `KRUSTLET_WASI_TESTSUITE=<checkout>/tests node --conditions=@krustlet/source packages/wasi/test/wasi-testsuite.ts [name]`.
 * `KRUSTLET_WASI_KERNEL=portable` runs them without FFI.
 */
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { runModule } from "../src/index.ts";
import type { WasiExit } from "../src/index.ts";

interface Spec {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly root?: string;
  readonly exit_code?: number;
  readonly stdout?: string;
}

const LIMIT = 20_000;

function told(exit: WasiExit): string {
  if (exit.kind === "trap") return `trap: ${exit.message}\n    ${exit.backtrace.join("\n    ")}`;
  return exit.kind === "exit" ? `exit code ${exit.code}` : "timeout";
}

async function runTest(
  directory: string,
  name: string,
  kernel: "native" | "portable" | undefined,
): Promise<string | undefined> {
  const text = await readFile(join(directory, `${name}.json`), "utf8").catch(() => "{}");
  const spec = JSON.parse(text) as Spec;
  const root = spec.root === undefined ? undefined : await mkdtemp(join(tmpdir(), "wasi-testsuite-"));
  if (root !== undefined) await cp(join(directory, spec.root ?? ""), root, { recursive: true });
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  try {
    const exit = await runModule(
      await readFile(join(directory, `${name}.wasm`)),
      {
        args: [name, ...(spec.args ?? [])],
        env: spec.env,
        stdout: { write: (chunk) => void out.push(chunk) },
        stderr: { write: (chunk) => void err.push(chunk) },
        preopens:
          root === undefined
            ? []
            : [{ guestPath: "/", node: { kind: "host-directory", path: root, readOnly: false } }],
        kernel,
      },
      { signal: AbortSignal.timeout(LIMIT) },
    );
    const problem =
      exit.kind !== "exit" || exit.code !== (spec.exit_code ?? 0)
        ? told(exit)
        : spec.stdout !== undefined && Buffer.concat(out).toString() !== spec.stdout
          ? `stdout ${JSON.stringify(Buffer.concat(out).toString())}`
          : undefined;
    return problem === undefined
      ? undefined
      : `${problem}\n    ${Buffer.concat(err).toString().trim().replaceAll("\n", "\n    ")}`;
  } catch (error) {
    return `the host failed: ${error instanceof Error ? error.stack : String(error)}`;
  } finally {
    if (root !== undefined) await rm(root, { recursive: true, force: true });
  }
}

const checkout = process.env["KRUSTLET_WASI_TESTSUITE"];
if (checkout === undefined)
  throw new Error("KRUSTLET_WASI_TESTSUITE has to name the directory `tests` of the suite");
const kernel = process.env["KRUSTLET_WASI_KERNEL"] === "portable" ? "portable" : undefined;
const wanted = process.argv[2];
let passed = 0;
let failed = 0;
for (const language of ["assemblyscript", "c", "rust"]) {
  const directory = join(checkout, language, "testsuite", "wasm32-wasip1");
  const names = (await readdir(directory))
    .filter((file) => file.endsWith(".wasm"))
    .map((file) => basename(file, ".wasm"));
  for (const name of names.toSorted()) {
    if (wanted !== undefined && name !== wanted) continue;
    const problem = await runTest(directory, name, kernel);
    if (problem === undefined) passed++;
    else failed++;
    console.log(
      `${problem === undefined ? "pass" : "FAIL"} ${language} ${name}${problem === undefined ? "" : `\n    ${problem}`}`,
    );
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
