import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { extname, join, parse } from "node:path";

const sources = join(import.meta.dirname, "guests");
const modules = join(import.meta.dirname, ".cache");

/** The path of a guest's module: `guest("spin")` is compiled from `guests/spin.c` (or `.go`, `.rs`). */
export function guest(name: string): string {
  return join(modules, `${name}.wasm`);
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The program that compiles a guest, and its arguments but for the module (`-o`) and the source. */
function compilerOf(source: string): readonly [program: string, ...flags: string[]] {
  if (extname(source) === ".go") return ["go", "build", "-trimpath", "-ldflags=-s -w"];
  if (extname(source) === ".c") {
    return [
      "clang",
      "--target=wasm32-wasi",
      "--sysroot=/usr",
      "-O2",
      "-Wall",
      "-Wextra",
      "-Wno-unused-result",
    ];
  }
  // Debian's has the target by a package, under the name it had until 2024; any other by rustup.
  const debian = existsSync("/usr/lib/rustlib/wasm32-wasi");
  const [program, target] = debian ? ["/usr/bin/rustc", "wasm32-wasi"] : ["rustc", "wasm32-wasip1"];
  return [program, `--target=${target}`, "--edition=2021", "-O", "-C", "strip=debuginfo"];
}

/** Compiles every guest that is newer than its module. */
export function compileGuests(): void {
  mkdirSync(modules, { recursive: true });
  for (const source of readdirSync(sources).filter((name) => /\.(c|go|rs)$/.test(name))) {
    const from = join(sources, source);
    const to = guest(parse(source).name);
    if (modifiedAt(to) > modifiedAt(from)) continue;
    const [program, ...flags] = compilerOf(source);
    const env = { ...process.env, GOOS: "wasip1", GOARCH: "wasm", GOWORK: "off", GOTOOLCHAIN: "local" };
    const result = spawnSync(program, [...flags, "-o", to, from], { encoding: "utf8", env });
    if (result.status !== 0) throw new Error(`${source} does not compile.\n${result.stderr}`);
  }
}
