import { ByteWriter } from "./byte-writer.ts";
import type { AppendedFunction } from "./memory-functions.ts";
import { appendToSection } from "./rebuild-module.ts";
import type { ModuleSource } from "./rebuild-module.ts";

/** A number as LEB128 bytes. */
export function lebOf(value: number): number[] {
  return [...new ByteWriter(8).u32(value).view()];
}

/** Functions that are added to a module after its own, each with a type of its own. */
export class AppendedFunctions {
  readonly #source: ModuleSource;
  readonly #firstIndex: number;
  readonly #functions: AppendedFunction[] = [];
  readonly #names: string[] = [];

  constructor(source: ModuleSource, importedFunctions: number) {
    this.#source = source;
    this.#firstIndex = importedFunctions + source.module.functions.length;
  }

  /** The type index of the function that is added next. */
  get nextType(): number {
    return this.#source.module.types.length + this.#functions.length;
  }

  /** Adds a function; gives the code that calls it. `name` is what a backtrace shows. */
  add(name: string, appended: AppendedFunction): Uint8Array {
    const index = this.#firstIndex + this.#functions.length;
    this.#functions.push(appended);
    this.#names.push(name);
    return Uint8Array.from([0x10, ...lebOf(index)]);
  }

  get names(): ReadonlyMap<number, string> {
    return new Map(this.#names.map((name, position) => [this.#firstIndex + position, name]));
  }

  get bodies(): readonly (readonly number[])[] {
    return this.#functions.map(({ body }) => body);
  }

  typeSection(): Uint8Array {
    const types = this.#functions.map(({ params, results }) => [
      0x60,
      params.length,
      ...params,
      results.length,
      ...results,
    ]);
    return appendToSection(this.#source, 1, types);
  }

  functionSection(): Uint8Array {
    const first = this.#source.module.types.length;
    return appendToSection(
      this.#source,
      3,
      this.#functions.map((_, position) => lebOf(first + position)),
    );
  }
}
