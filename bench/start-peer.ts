import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The version of the peer that the figures are against. */
export const WASMTIME = "50.0.1";

const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "krustlet", "bench");
const python = join(cache, "venv", "bin", "python");

/** wasmtime in a process of its own. Disposing ends it. */
export interface Peer extends Disposable {
  /** Compiles a module; the answer runs it, and tells what it wrote. */
  load(path: string, epoch: boolean): Promise<(args: readonly string[]) => Promise<PeerRun>>;
}

/** What one run of a module in {@link Peer} wrote. */
interface PeerRun {
  readonly stdout: string;
  readonly stderr: string;
}

function runOrThrow(program: string, ...args: string[]): void {
  const result = spawnSync(program, args, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${program} ${args.join(" ")} failed: ${result.stderr}`);
}

/** Installs wasmtime from its Python package, once, outside of the checkout. */
function installPeer(): void {
  const check = "import importlib.metadata as m, sys; sys.exit(m.version('wasmtime') != sys.argv[1])";
  if (existsSync(python) && spawnSync(python, ["-c", check, WASMTIME]).status === 0) return;
  mkdirSync(cache, { recursive: true });
  runOrThrow("python3", "-m", "venv", join(cache, "venv"));
  runOrThrow(python, "-m", "pip", "install", "--quiet", `wasmtime==${WASMTIME}`);
}

/** Starts the peer; installs it first where it is not there. */
export function startPeer(): Peer {
  installPeer();
  const child = spawn(python, [join(import.meta.dirname, "peer.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await answers.next();
    if (done === true) throw new Error("wasmtime's process ended");
    return JSON.parse(value) as unknown;
  };
  return {
    async load(path, epoch) {
      const { id } = (await ask({ load: path, epoch })) as { id: number };
      return async (args) => (await ask({ run: id, args })) as PeerRun;
    },
    [Symbol.dispose]: () => {
      child.kill();
    },
  };
}
