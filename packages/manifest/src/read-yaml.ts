import { isKrustletError, KrustletError } from "@krustlet/interface";
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from "yaml";
import type { Document, Node } from "yaml";

import { isObject, setOwn } from "./document.ts";
import type { Json, JsonObject, ManifestDocument } from "./document.ts";
import { nestsDeeper } from "./nests-deeper.ts";
import { printable } from "./problem.ts";
import { scalarOf } from "./scalar-of.ts";

/** The largest manifest that is read, in UTF-16 units of text. */
export const MAX_MANIFEST_LENGTH: number = 4 * 1024 * 1024;
const MAX_DEPTH = 100;
const MAX_NODES = 200_000;
const MAX_ALIASED_LENGTH = 8 * 1024 * 1024;
const STANDARD = "tag:yaml.org,2002:";

/**
 * The documents of a YAML (or JSON) stream, empty ones left out, read as `kubectl` reads them.
 * @throws KrustletError `InvalidManifest`, naming file, document and line, for anything that is not YAML, is larger
 * or deeper than any manifest, expands without bounds, or has a key twice.
 */
export function readYaml(text: string, source: string): readonly ManifestDocument[] {
  if (text.length > MAX_MANIFEST_LENGTH) {
    throw invalid(source, `the manifest is larger than ${MAX_MANIFEST_LENGTH / 1024 / 1024} MiB`);
  }
  const counter = new LineCounter();
  const documents = composed(text, source, counter);
  const read: ManifestDocument[] = [];
  for (const [index, document] of documents.entries()) {
    const number = index + 1;
    const [error] = document.errors;
    if (error !== undefined) {
      const { line } = counter.linePos(error.pos[0]);
      if (error.message.startsWith("Maximum call stack")) throw tooDeep(source, error);
      const [sentence = ""] = error.message.split("\n");
      throw invalid(`${source}, document ${number}, line ${line}`, printable(sentence, 200), error);
    }
    if (document.contents === null) continue;
    const reader = new DocumentReader(`${source}, document ${number}`, counter);
    const value = reader.read(document.contents);
    if (value === null) continue;
    const { line } = counter.linePos(document.contents.range[0]);
    read.push({ number, line, value, positions: reader });
  }
  return read;
}

function composed(text: string, source: string, counter: LineCounter): readonly Document.Parsed[] {
  try {
    if (nestsDeeper(text, MAX_DEPTH)) throw tooDeep(source);
    const documents = parseAllDocuments(text, {
      schema: "failsafe",
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "silent",
      lineCounter: counter,
      stringKeys: false,
    });
    return "empty" in documents ? [] : documents;
  } catch (cause) {
    if (isKrustletError(cause)) throw cause;
    if (cause instanceof RangeError) throw tooDeep(source, cause);
    throw invalid(source, "the manifest is not YAML", cause);
  }
}

/** Turns nodes into plain values, within bounds, and remembers the lines. */
class DocumentReader {
  readonly #place: string;
  readonly #counter: LineCounter;
  readonly #anchors = new Map<string, Node>();
  readonly #lines = new WeakMap<object, Map<string | number, number>>();
  #nodes = 0;
  #aliased = 0;

  constructor(place: string, counter: LineCounter) {
    this.#place = place;
    this.#counter = counter;
  }

  lineOf(container: object, key: string | number): number | undefined {
    return this.#lines.get(container)?.get(key);
  }

  read(node: unknown, depth = 0, expanding = false): Json {
    if (node === null || node === undefined) return null;
    const typed = node as Node;
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES) {
      throw this.#invalid(
        typed,
        `the document has more than ${MAX_NODES} values once its aliases are expanded`,
      );
    }
    if (depth > MAX_DEPTH) {
      throw this.#invalid(
        typed,
        `the document nests more than ${MAX_DEPTH} levels, or an alias holds itself`,
      );
    }
    if (isAlias(node)) return this.#alias(node.source, typed, depth);
    const { anchor } = typed as { anchor?: string };
    if (anchor !== undefined && !expanding) this.#anchors.set(anchor, typed);
    if (isMap(node)) {
      this.#demandTag(typed, "map");
      return this.#map(node.items, typed, depth, expanding);
    }
    if (isSeq(node)) {
      this.#demandTag(typed, "seq");
      const list: Json[] = [];
      const lines = this.#linesOf(list);
      for (const [index, item] of node.items.entries()) {
        lines.set(index, this.#lineAt(item));
        list.push(this.read(item, depth + 1, expanding));
      }
      return list;
    }
    if (!isScalar(node)) throw this.#invalid(typed, "there is something here that is no value");
    const text = typeof node.value === "string" ? node.value : "";
    if (expanding) this.#aliased += text.length;
    if (this.#aliased > MAX_ALIASED_LENGTH) {
      throw this.#invalid(typed, "the document's aliases expand to more text than any manifest has");
    }
    return this.#scalar(typed, text, node.type === "PLAIN");
  }

  #alias(name: string, node: Node, depth: number): Json {
    const target = this.#anchors.get(name);
    if (target === undefined)
      throw this.#invalid(node, `the alias *${printable(name)} has no anchor before it`);
    return this.read(target, depth + 1, true);
  }

  #map(
    items: readonly { key: unknown; value: unknown }[],
    node: Node,
    depth: number,
    expanding: boolean,
  ): Json {
    const object: JsonObject = {};
    const lines = this.#linesOf(object);
    const merged: Json[] = [];
    for (const { key: keyNode, value: valueNode } of items) {
      const value = (): Json => this.read(valueNode, depth + 1, expanding);
      if (isScalar(keyNode) && keyNode.type === "PLAIN" && keyNode.value === "<<") {
        const from = value();
        merged.push(...(Array.isArray(from) ? from : [from]));
        continue;
      }
      const key = this.#key(keyNode, node, depth, expanding);
      if (lines.has(key)) throw this.#invalid(keyNode ?? node, `the key "${printable(key)}" is there twice`);
      lines.set(key, this.#lineAt(keyNode ?? node));
      setOwn(object, key, value());
    }
    for (const from of merged) {
      if (!isObject(from)) throw this.#invalid(node, "a merge key (<<) takes a map or a list of maps");
      for (const [key, value] of Object.entries(from)) {
        this.#nodes += 1;
        if (!Object.hasOwn(object, key)) setOwn(object, key, value);
      }
    }
    return object;
  }

  #key(keyNode: unknown, map: Node, depth: number, expanding: boolean): string {
    const key = this.read(keyNode, depth + 1, expanding);
    if (typeof key === "string") return key;
    const text = isScalar(keyNode) && typeof keyNode.value === "string" ? keyNode.value : "";
    if ((typeof key === "number" || typeof key === "boolean") && String(key) === text) return text;
    const shown = text === "" ? "a key" : `the key ${printable(text)}`;
    throw this.#invalid(keyNode ?? map, `${shown} is no text; put it in quotes`);
  }

  #scalar(node: Node, text: string, plain: boolean): Json {
    const tag = this.#tagOf(node);
    if (tag === "str" || (tag === undefined && !plain)) return text;
    const value = scalarOf(text);
    if (value === undefined)
      throw this.#invalid(node, `${printable(text)} is not a number that the API can hold`);
    if (tag === undefined) return value;
    const kind = value === null ? "null" : typeof value;
    const wanted = { int: "number", float: "number", bool: "boolean", null: "null" }[tag];
    if (wanted === kind) return value;
    throw this.#invalid(node, `the tag ${printable(String(node.tag))} does not fit here`);
  }

  #demandTag(node: Node, kind: string): void {
    const tag = this.#tagOf(node);
    if (tag === undefined || tag === kind) return;
    throw this.#invalid(node, `the tag ${printable(String(node.tag))} does not fit here`);
  }

  #tagOf(node: Node): string | undefined {
    const { tag } = node;
    if (tag === undefined) return undefined;
    if (tag === "!") return "str";
    return tag.startsWith(STANDARD) ? tag.slice(STANDARD.length) : tag;
  }

  #linesOf(container: object): Map<string | number, number> {
    const lines = new Map<string | number, number>();
    this.#lines.set(container, lines);
    return lines;
  }

  #lineAt(node: unknown): number {
    const range = (node as { range?: readonly number[] } | null)?.range;
    return range?.[0] === undefined ? 1 : this.#counter.linePos(range[0]).line;
  }

  #invalid(node: unknown, sentence: string): KrustletError {
    return invalid(`${this.#place}, line ${this.#lineAt(node)}`, sentence);
  }
}

function tooDeep(source: string, cause?: unknown): KrustletError {
  return invalid(source, `the manifest nests more than ${MAX_DEPTH} levels`, cause);
}

function invalid(place: string, sentence: string, cause?: unknown): KrustletError {
  return new KrustletError("InvalidManifest", `${place}: ${sentence}`, { cause });
}
