import { compositeTypesOf } from "./array-limits.ts";
import { CompileCost } from "./compile-cost.ts";
import { immediates as is } from "./opcode-table.ts";
import { readNumber, skipCatch, skipNumber, skipType } from "./read-immediates.ts";
import type { ModuleSource } from "./rebuild-module.ts";
import { plainEffects, prefixedEffects } from "./stack-effects.ts";

/** How many values a type takes and gives: of a struct, its fields. */
interface Arity {
  readonly params: number;
  readonly results: number;
}

/** A value of an exception goes in and out of it by pieces of 16 bits, a vector by eight. */
const perPayload = 8;

const none: Arity = { params: 0, results: 0 };
const one: Arity = { params: 0, results: 1 };

/** The arities of a module. */
export interface ModuleArities {
  readonly types: readonly Arity[];
  /** Type indices by function and by tag, imported ones first. */
  readonly functions: readonly number[];
  readonly tags: readonly number[];
}

/** Reads the arities of everything that code can refer to. */
export function aritiesOf(source: ModuleSource): ModuleArities {
  const { imports, functions, tags } = source.module;
  const types = compositeTypesOf(source).map((type): Arity => {
    if (type.kind === "function") return { params: type.params.length, results: type.results.length };
    return { params: type.kind === "struct" ? type.fields.length : 0, results: 1 };
  });
  const imported = (kind: "function" | "tag"): number[] =>
    imports.flatMap(({ type }) => (type.kind === kind ? [type.typeIndex] : []));
  return {
    types,
    functions: [...imported("function"), ...functions],
    tags: [...imported("tag"), ...tags],
  };
}

/** Tells a {@link CompileCost} of the instructions of one function. */
export class InstructionCosts {
  readonly cost: CompileCost;
  readonly #arities: ModuleArities;
  readonly #bytes: Uint8Array;
  readonly #results: number;

  /** `type` is the function's own. */
  constructor(arities: ModuleArities, bytes: Uint8Array, type: number, locals: number) {
    const { params, results } = arities.types[type] ?? none;
    this.cost = new CompileCost(params + locals);
    this.#results = results;
    this.#arities = arities;
    this.#bytes = bytes;
  }

  /** An instruction whose immediates begin at `at`; `second` is the opcode after a prefix, or -1. */
  count(kind: number, opcode: number, second: number, at: number): void {
    const { cost } = this;
    cost.height +=
      second < 0 ? (plainEffects[opcode] as number) : (prefixedEffects.get(opcode)?.[second] ?? 0);
    // Most instructions are these; what counts of them is set apart.
    if (kind === is.memoryAccess || kind === is.i32Const || kind === is.i64Const) return;
    switch (kind) {
      case is.none:
        // return
        if (opcode === 0x0f) cost.copy(this.#results);
        break;
      case is.index:
        // local.set and local.tee; throw
        if (opcode === 0x21 || opcode === 0x22) cost.assign();
        else if (opcode === 0x08) cost.copy(this.#ofTag(at).params * perPayload);
        break;
      case is.block:
      case is.loop:
      case is.tryTable: {
        const { params, results } = this.#blockArity(at);
        cost.open(kind === is.loop, params, results);
        if (kind === is.tryTable) this.#countCatches(skipType(this.#bytes, at));
        break;
      }
      case is.otherwise:
        cost.otherwise(0);
        break;
      case is.catchTag:
        cost.otherwise(this.#ofTag(at).params);
        cost.copy(this.#ofTag(at).params * perPayload);
        break;
      case is.end:
      case is.delegate:
        cost.close();
        break;
      case is.branch:
      case is.otherLabel:
      case is.castBranch:
        cost.branch(1);
        break;
      case is.brTable:
        cost.branch(readNumber(this.#bytes, at) + 1);
        break;
      case is.call:
        this.#move(this.#arities.types[this.#arities.functions[readNumber(this.#bytes, at)] ?? -1]);
        break;
      case is.callIndirect:
      case is.callRef:
        this.#move(this.#arities.types[readNumber(this.#bytes, at)]);
        break;
      case is.allocateOne:
        // struct.new takes its fields, struct.new_default makes as many.
        cost.move(0, this.#fieldsOf(at));
        cost.height -= this.#fieldsOf(at) * (second === 0 ? 2 : 1);
        if (second === 0) cost.height++;
        break;
      case is.allocateTwo: {
        const length = readNumber(this.#bytes, skipNumber(this.#bytes, at));
        cost.move(length, 1);
      }
    }
  }

  /** Each catch clause is a branch, and unpacks what its tag says. */
  #countCatches(at: number): void {
    const count = readNumber(this.#bytes, at);
    this.cost.branch(count);
    let clause = skipNumber(this.#bytes, at);
    for (let left = count; left > 0; left--) {
      if ((this.#bytes[clause] as number) < 2) this.cost.copy(this.#ofTag(clause + 1).params * perPayload);
      clause = skipCatch(this.#bytes, clause);
    }
  }

  #move(arity: Arity | undefined): void {
    this.cost.move(arity?.params ?? 0, arity?.results ?? 0);
  }

  #fieldsOf(at: number): number {
    return this.#arities.types[readNumber(this.#bytes, at)]?.params ?? 0;
  }

  #ofTag(at: number): Arity {
    return this.#arities.types[this.#arities.tags[readNumber(this.#bytes, at)] ?? -1] ?? none;
  }

  #blockArity(at: number): Arity {
    const code = this.#bytes[at] as number;
    if (code === 0x40) return none;
    // A value type, or the index of a function type: a signed number, of which those below 0 are value types.
    if (code > 0x40 && code < 0x80) return one;
    return this.#arities.types[readNumber(this.#bytes, at)] ?? one;
  }
}
