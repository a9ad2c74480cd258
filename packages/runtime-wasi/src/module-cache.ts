import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { readFile } from "node:fs/promises";
import { KrustletError, type ModuleSource } from "@krustlet/interface";
import type { PreparedModule, WantedForm } from "./prepare-module.ts";
import { formKeyOf, prepareModule, requireCoreModule } from "./prepare-module.ts";
import type { ReadyModule } from "./protocol.ts";
import { TypeLedger } from "./type-ledger.ts";

/** Bytes of modules that nobody uses any more and that are kept for the next start. */
const IDLE_BYTES = 64 * 1024 * 1024;
/** A module up to this size is rewritten right here, in a few milliseconds; a larger one on a thread of its own. */
const INLINE_BYTES = 256 * 1024;

/** A module up to this size is compiled without other threads. */
const AT_ONCE_BYTES = 64 * 1024;

/** The types of all modules, which are the process's and not a cache's. */
const types = new TypeLedger();

/** A compiled module in use. Disposing gives it back; the compiled code may then be dropped. */
export interface ModuleLease extends Disposable {
  readonly ready: ReadyModule;
}

interface Entry {
  readonly ready: Promise<ReadyModule>;
  readonly size: number;
  leases: number;
}

/** Rewrites a large module without blocking the caller's thread. The bytes are its own from then on. */
export type PrepareElsewhere = (
  bytes: Uint8Array<ArrayBuffer>,
  wanted: WantedForm,
  subject: string,
) => Promise<PreparedModule>;

/** Compiles each module once for each form in which it runs, and shares it between all threads. */
export class ModuleCache {
  readonly #entries = new Map<string, Entry>();
  readonly #prepareElsewhere: PrepareElsewhere;

  constructor(prepareElsewhere: PrepareElsewhere) {
    this.#prepareElsewhere = prepareElsewhere;
  }

  /**
   * The module, compiled.
   * @throws KrustletError `InvalidModule`, `UnsupportedModule`, `StartFailed` when the file cannot be read.
   */
  async lease(source: ModuleSource, wanted: WantedForm, subject: string): Promise<ModuleLease> {
    const key = `${source.digest} ${formKeyOf(wanted)}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { ready: this.#prepare(source, wanted, subject), size: source.size, leases: 0 };
    } else this.#entries.delete(key);
    this.#entries.set(key, entry);
    const held = entry;
    held.leases++;
    try {
      const ready = await held.ready;
      let given = false;
      return {
        ready,
        [Symbol.dispose]: () => {
          if (given) return;
          given = true;
          held.leases--;
          this.#evict();
        },
      };
    } catch (error) {
      if (this.#entries.get(key) === held) this.#entries.delete(key);
      throw error;
    }
  }

  async #prepare(source: ModuleSource, wanted: WantedForm, subject: string): Promise<ReadyModule> {
    const named = `${subject}: ${source.path}`;
    const bytes = await readModule(source.path, named);
    await requireDigest(bytes, source.digest, named);
    requireCoreModule(bytes, named);
    types.take(bytes, named);
    // The guest's own bytes are validated before anything is added to them.
    requireCommand(await compile(bytes, named), named);
    const prepare = bytes.length <= INLINE_BYTES ? prepareModule : this.#prepareElsewhere;
    const prepared = await prepare(bytes, wanted, named);
    return { module: await compile(prepared.bytes, named), form: prepared.form };
  }

  /** Drops the modules that were used longest ago, until the rest is small enough. Map order is order of use. */
  #evict(): void {
    const idle = [...this.#entries].filter(([, entry]) => entry.leases === 0);
    let bytes = idle.reduce((sum, [, entry]) => sum + entry.size, 0);
    for (const [key, entry] of idle) {
      if (bytes <= IDLE_BYTES) return;
      this.#entries.delete(key);
      bytes -= entry.size;
    }
  }
}

function requireCommand(module: WebAssembly.Module, subject: string): void {
  const exports = WebAssembly.Module.exports(module);
  if (exports.some(({ name, kind }) => name === "_start" && kind === "function")) return;
  const library = exports.some(({ name }) => name === "_initialize");
  throw new KrustletError(
    "InvalidModule",
    `${subject} exports no function "_start" to begin with${library ? "; it is a library (reactor), not a command" : ""}`,
  );
}

/**
 * Others who name the digest get the same compiled module, so the bytes must be the ones that were hashed: whoever can
 * write to one file must not choose what another's container runs.
 */
async function requireDigest(bytes: Uint8Array<ArrayBuffer>, digest: string, subject: string): Promise<void> {
  const [algorithm = "", hex = ""] = digest.split(":");
  if (algorithm !== "sha256" && algorithm !== "sha512") {
    throw new KrustletError(
      "StartFailed",
      `${subject} has the digest ${digest}, of a kind that is not known`,
    );
  }
  if ((await hashOf(algorithm, bytes)) === hex) return;
  throw new KrustletError("StartFailed", `${subject} is not what it was when its digest was taken`);
}

/** A large module is hashed on another thread: this one has all containers' output to pass on. */
async function hashOf(algorithm: "sha256" | "sha512", bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.length <= INLINE_BYTES) return createHash(algorithm).update(bytes).digest("hex");
  const name = algorithm === "sha256" ? "SHA-256" : "SHA-512";
  return Buffer.from(await crypto.subtle.digest(name, bytes)).toString("hex");
}

async function readModule(path: string, subject: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // Should a pipe lie there by now, its open must not wait.
    return await readFile(path, { flag: constants.O_RDONLY | constants.O_NONBLOCK });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new KrustletError("StartFailed", `${subject} cannot be read: ${reason}`, { cause });
  }
}

async function compile(bytes: Uint8Array<ArrayBuffer>, subject: string): Promise<WebAssembly.Module> {
  try {
    // A small one takes less time than the way to the engine's own threads and back.
    return bytes.length <= AT_ONCE_BYTES ? new WebAssembly.Module(bytes) : await WebAssembly.compile(bytes);
  } catch (cause) {
    const reason =
      cause instanceof Error
        ? cause.message.replace(/^WebAssembly\.(?:compile|Module)\(\): /, "")
        : String(cause);
    throw new KrustletError("InvalidModule", `${subject} is not a valid WebAssembly module: ${reason}`, {
      cause,
    });
  }
}
