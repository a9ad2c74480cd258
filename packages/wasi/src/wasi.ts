import { KrustletError } from "@krustlet/interface";

import { DirectoryDescriptor } from "./descriptors/directory-descriptor.ts";
import { FDFLAGS } from "./descriptors/descriptor.ts";
import type { Descriptor } from "./descriptors/descriptor.ts";
import { openDevice } from "./descriptors/open-device.ts";
import { ListenerDescriptor } from "./descriptors/socket-descriptors.ts";
import { SinkDescriptor, SourceDescriptor } from "./descriptors/stream-descriptors.ts";
import { facesWith } from "./faces.ts";
import { Guest } from "./guest.ts";
import { buildImports } from "./import-object.ts";
import type { Preopen, WasiExit, WasiInit } from "./init.ts";
import { hasJspi, jspi } from "./jspi.ts";
import { DIRECTORY_RIGHTS, INHERITING_RIGHTS } from "./rights.ts";
import { Place } from "./tree/place.ts";
import { trapOf } from "./trap.ts";
import { unwindError } from "./unwind.ts";
import type { StartOptions, Wasi } from "./wasi-handle.ts";

const DROP = { write: (): void => {} };

/** What the text is goes into the message, and never the text: it may be a secret. */
function checkText(what: string, text: string): void {
  if (text.includes("\0")) throw new KrustletError("InvalidField", `${what} holds a NUL character`);
}

function checkInit({ args, env, preopens }: WasiInit): void {
  for (const [index, arg] of (args ?? []).entries()) checkText(`argument ${index} (0 is the command)`, arg);
  for (const [name, value] of Object.entries(env ?? {}))
    checkText(`the environment variable ${JSON.stringify(name)}`, `${name}=${value}`);
  for (const { guestPath } of preopens ?? [])
    checkText(`the preopen ${JSON.stringify(guestPath)}`, guestPath);
}

function preopened(guest: Guest, { guestPath, node }: Preopen): Descriptor {
  let descriptor: Descriptor;
  if (node.kind === "directory" || node.kind === "host-directory") {
    descriptor = new DirectoryDescriptor(
      guest.kernel,
      Place.ofNode(node, guestPath === "/"),
      DIRECTORY_RIGHTS,
      INHERITING_RIGHTS,
    );
  } else if (node.kind === "host-file") {
    throw new KrustletError(
      "InvalidField",
      `the preopen "${guestPath}" is a file; only directories can be preopened`,
    );
  } else {
    descriptor = openDevice(guest, node);
  }
  descriptor.preopenName = guestPath;
  return descriptor;
}

// Go's linker names the build in each module.
function isBuiltByGo(module: WebAssembly.Module): boolean {
  return WebAssembly.Module.customSections(module, "go:buildid").length > 0;
}

/** The one implementation of {@link Wasi}. */
class GuestWasi implements Wasi {
  readonly #guest: Guest;
  readonly #exit: Promise<WasiExit>;
  #module: WebAssembly.Module | undefined;
  readonly #listeners: readonly ListenerDescriptor[];

  constructor(init: WasiInit) {
    const guest = new Guest(init);
    this.#guest = guest;
    this.#exit = new Promise((resolve) => guest.onEnd(resolve));
    guest.descriptors.add(new SourceDescriptor(guest.stdin));
    guest.descriptors.add(new SinkDescriptor(init.stdout ?? DROP));
    guest.descriptors.add(new SinkDescriptor(init.stderr ?? DROP));
    this.#listeners = (init.listen ?? []).map((listener) => {
      const descriptor = new ListenerDescriptor(listener);
      descriptor.preopenName = listener.name;
      guest.descriptors.add(descriptor);
      return descriptor;
    });
    for (const preopen of init.preopens ?? []) guest.descriptors.add(preopened(guest, preopen));
  }

  get ended(): WasiExit | undefined {
    return this.#guest.ended;
  }

  get cpuTime(): bigint {
    return this.#guest.cpuTime;
  }

  get unwind(): Error {
    return unwindError();
  }

  imports(module: WebAssembly.Module, extra: WebAssembly.Imports = {}): WebAssembly.Imports {
    this.#module = module;
    if (this.#listeners.length > 0 && (this.#guest.init.listenNonBlocking ?? isBuiltByGo(module))) {
      for (const listener of this.#listeners) listener.flags = FDFLAGS.NONBLOCK;
    }
    return buildImports(this.#guest, module, facesWith(this.#guest.init.faces), extra);
  }

  // Not async: what such a function keeps while it waits is kept for each guest that sleeps.
  start(instance: WebAssembly.Instance, options: StartOptions = {}): Promise<WasiExit> {
    const guest = this.#guest;
    const { startExport = "_start" } = options;
    const start = instance.exports[startExport];
    if (typeof start !== "function") {
      const what =
        instance.exports["_initialize"] === undefined ? "" : "; it is a library (reactor), not a command";
      const message = `the module exports no function "${startExport}" to begin with${what}`;
      return Promise.reject(new KrustletError("InvalidModule", message));
    }
    const memory = options.memory ?? instance.exports["memory"];
    if (memory instanceof WebAssembly.Memory) guest.memory.attach(memory);
    if (guest.ended !== undefined) return this.#exit;
    guest.enter();
    try {
      jspi
        .promising(start as () => unknown)()
        .then(
          () => guest.end({ kind: "exit", code: 0 }),
          // After an end that is known, this is only its unwinding.
          (error: unknown) => guest.end(trapOf(error, this.#module)),
        );
    } catch (error) {
      // It cannot even be called: an import of the guest's, say, that wants arguments.
      guest.end(trapOf(error, this.#module));
    }
    return this.#exit;
  }

  terminate(): boolean {
    if (this.#guest.ended !== undefined || this.#guest.signals.readers === 0) return false;
    this.#guest.signals.send("TERM");
    return true;
  }

  close(exit: WasiExit = { kind: "closed" }): void {
    this.#guest.end(exit);
  }
}

/**
 * The WASI of one guest. What `init` holds is the caller's; the listeners in it are closed with the guest.
 * @throws KrustletError `StartFailed` where the engine has no JSPI; `InvalidField` for text with a NUL, a preopened file.
 */
export function createWasi(init: WasiInit): Wasi {
  if (!hasJspi()) {
    throw new KrustletError(
      "StartFailed",
      "this Node cannot suspend WebAssembly (JSPI): version 24.21 or newer is needed",
    );
  }
  checkInit(init);
  return new GuestWasi(init);
}
