import { createHash } from "node:crypto";
import { KrustletError } from "@krustlet/interface";
import { ByteReader, readTypeGroups } from "@krustlet/wasm-binary";
import type { TypeDefinition } from "@krustlet/wasm-binary";

/** Types that V8 tells apart in a process. It never forgets one, and aborts the process when there are more. */
const PROCESS_TYPES = 2_000_000;
/** What is given out: the host's own modules have types as well. */
const SAFE_TYPES = 0.75 * PROCESS_TYPES;
/** Types that a module may have, and the bytes of them: no program needs more, and reading them takes time. */
const MODULE_TYPES = 20_000;
const MODULE_TYPE_BYTES = 2 ** 20;
/** Texts longer than this are kept as their hash. */
const LONGEST_KEY = 64;
/** A module that brings more than so many new types gets none of the last half, so that others go on to start. */
const FEW_TYPES = 1_000;

/**
 * Counts the types of all modules that were compiled in this process as V8 does: equal ones of different modules are
 * one, and those of a recursion group belong together.
 */
export class TypeLedger {
  /** By the text of a recursion group, a number for its first type. */
  readonly #groups = new Map<string, number>();
  readonly #most: number;
  #types = 0;

  constructor(most: number = SAFE_TYPES) {
    this.#most = most;
  }

  /**
   * Takes the types of a module that is about to be compiled, valid or not. What cannot be read is left to the engine,
   * which looks no further either.
   * @throws KrustletError `UnsupportedModule` for more types than a program has, `CapacityExceeded` when the process
   * has no room for those that are new; it has taken none then.
   */
  take(bytes: Uint8Array, subject: string): void {
    const fresh: string[] = [];
    const before = this.#types;
    try {
      this.#read(bytes, subject, fresh);
      const brought = this.#types - before;
      const most = brought > FEW_TYPES ? this.#most / 2 : this.#most;
      if (brought === 0 || this.#types <= most) return;
      throw new KrustletError(
        "CapacityExceeded",
        `${subject} was not compiled: it brings ${brought} new types to the ${before} that this process knows, and ${most} are the most; a new process begins without any`,
      );
    } catch (error) {
      for (const key of fresh) this.#groups.delete(key);
      this.#types = before;
      throw error;
    }
  }

  #read(bytes: Uint8Array, subject: string, fresh: string[]): void {
    /** Of each type of the module, the number that equal types of all modules have. */
    const numbers: number[] = [];
    for (const group of groupsOf(bytes, subject)) {
      if (numbers.length + group.length > MODULE_TYPES) {
        throw tooMany(subject, `more than ${MODULE_TYPES} types`);
      }
      const key = keyOf(group, numbers);
      let number = this.#groups.get(key);
      if (number === undefined) {
        number = this.#types;
        this.#groups.set(key, number);
        fresh.push(key);
        this.#types += group.length;
      }
      for (let position = 0; position < group.length; position++) numbers.push(number + position);
    }
  }
}

function tooMany(subject: string, what: string): KrustletError {
  return new KrustletError("UnsupportedModule", `${subject} has ${what}, which no program needs`);
}

function* groupsOf(bytes: Uint8Array, subject: string): Generator<readonly TypeDefinition[]> {
  const reader = new ByteReader(bytes, 8);
  try {
    for (;;) {
      const id = reader.u8();
      const size = reader.u32();
      const end = Math.min(reader.offset + size, bytes.length);
      if (id === 1) {
        if (size > MODULE_TYPE_BYTES) throw tooMany(subject, `${size} bytes of types`);
        return yield* readTypeGroups(new ByteReader(bytes, reader.offset, end));
      }
      reader.take(size, `section ${id}`);
    }
  } catch (error) {
    if (error instanceof KrustletError && error.code === "InvalidModule") return;
    throw error;
  }
}

/** Text, or its hash, that is the same for the same types: references go to a place in the group, or to a type's number. */
function keyOf(group: readonly TypeDefinition[], numbers: readonly number[]): string {
  const first = numbers.length;
  const name = (index: number): string => (index >= first ? `r${index - first}` : `n${numbers[index]}`);
  const type = (text: string): string =>
    text.includes("(") ? text.replace(/\d+(?=\))/, (index) => name(Number(index))) : text;
  const definition = ({ final, supertypes, composite }: TypeDefinition): string => {
    const open = final ? "" : "sub ";
    const beneath = `${open}${supertypes.map(name).join(" ")}`;
    if (composite.kind === "array") return `${beneath}[${type(composite.element)}]`;
    if (composite.kind === "struct") return `${beneath}{${composite.fields.map(type).join()}}`;
    return `${beneath}(${composite.params.map(type).join()})${composite.results.map(type).join()}`;
  };
  const text = group.map(definition).join(";");
  return text.length <= LONGEST_KEY ? text : createHash("sha256").update(text).digest("base64");
}
