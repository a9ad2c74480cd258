/**
 * The programs that the tests need and npm does not have: compilers of C and Rust for WASI and an OCI registry.
 * On Debian and Ubuntu, as root, they are installed; elsewhere one sentence says what is missing.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./steps.mjs";

/** The arguments that make clang compile C for WASI with Debian's wasi-libc. */
const CLANG_FLAGS = ["--target=wasm32-wasi", "--sysroot=/usr", "-O2"];

/** Whether clang, the linker, the C library and the compiler's runtime library work together. */
export function canCompileC() {
  const dir = mkdtempSync(join(tmpdir(), "krustlet-cc-"));
  try {
    const source = join(dir, "main.c");
    writeFileSync(source, '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n');
    const result = spawnSync("clang", [...CLANG_FLAGS, source, "-o", join(dir, "main.wasm")]);
    return result.status === 0;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/**
 * A Rust compiler that has the standard library for WASI, and what it calls that target; undefined where there is none.
 * One of rustup comes first, which may lack the target; Debian's own has it by a package, under the name it had until 2024.
 */
export function rustForWasi() {
  for (const program of ["rustc", "/usr/bin/rustc"]) {
    const { status, stdout } = spawnSync(program, ["--print", "sysroot"], { encoding: "utf8" });
    if (status !== 0) continue;
    const libraries = join(stdout.trim(), "lib", "rustlib");
    const target = ["wasm32-wasip1", "wasm32-wasi"].find((name) => existsSync(join(libraries, name)));
    if (target !== undefined) return { program, target };
  }
  return undefined;
}

function succeeds(command, ...args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function hasRegistry() {
  return succeeds("docker-registry", "--version");
}

/** The package with clang's runtime library for wasm32, whose name has clang's version in it. */
function runtimeLibraryPackage() {
  const result = spawnSync("clang", ["-dumpversion"], { encoding: "utf8" });
  const major = result.status === 0 ? result.stdout.split(".")[0] : "14";
  return `libclang-rt-${major}-dev-wasm32`;
}

function missingPackages() {
  return [
    ...(canCompileC() ? [] : ["clang", "lld", "wasi-libc"]),
    ...(rustForWasi() === undefined ? ["rustc", "libstd-rust-dev-wasm32"] : []),
    ...(hasRegistry() ? [] : ["docker-registry"]),
  ];
}

function apt(...args) {
  return run("apt-get", ["-q", ...args], { env: { DEBIAN_FRONTEND: "noninteractive" } });
}

/** Makes sure that the tests' toolchains are there. Resolves with an exit code. */
export async function installToolchains() {
  const missing = missingPackages();
  if (missing.length === 0) {
    process.stdout.write("clang and rustc for WASI and docker-registry are there.\n");
    return 0;
  }
  if (process.getuid?.() !== 0 || !succeeds("apt-get", "--version")) {
    const names = missing.includes("clang") ? [...missing, runtimeLibraryPackage()] : missing;
    process.stderr.write(`The tests need these Debian packages, install them first: ${names.join(" ")}\n`);
    return 1;
  }
  const updated = await apt("update");
  if (updated !== 0) return updated;
  const installed = await apt("install", "-y", "--no-install-recommends", ...missing);
  if (installed !== 0) return installed;
  if (missing.includes("clang") && !canCompileC()) {
    // Only now does clang itself say which version its runtime library has to have.
    const code = await apt("install", "-y", "--no-install-recommends", runtimeLibraryPackage());
    if (code !== 0) return code;
  }
  const left = missingPackages();
  if (left.length === 0) return 0;
  process.stderr.write(`These Debian packages are installed but do not work: ${left.join(" ")}\n`);
  return 1;
}
