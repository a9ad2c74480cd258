import { constOf } from "./v0-const.ts";
import { NotASymbol, V0Reader } from "./v0-reader.ts";

/** The path in a symbol of rustc's v0 mangling (RFC 2603, `rustc` book "v0 Symbol Format"); undefined for any other. */
export function v0PathOf(symbol: string): string | undefined {
  const reader = new V0Reader(symbol.slice(2));
  try {
    const path = pathOf(reader, "value");
    // The crate that instantiated it, which tells two copies of a generic function apart.
    if (/^[A-Z]/.test(reader.rest)) pathOf(reader, "value");
    const suffix = reader.rest;
    if (!/^([.$]|$)/.test(suffix)) return undefined;
    return path + suffix.replace(/\.llvm\..*$/, "");
  } catch (error) {
    if (error instanceof NotASymbol) return undefined;
    throw error;
  }
}

/** A path: in a value its generic arguments follow `::<`, in a type `<`. */
function pathOf(reader: V0Reader, place: "value" | "type"): string {
  return reader.within(() => {
    const tag = reader.next();
    switch (tag) {
      case "C":
        reader.optionalBase62("s");
        return reader.identifier();
      case "M":
        skipImplPath(reader);
        return `<${typeOf(reader)}>`;
      case "X":
        skipImplPath(reader);
        return traitPathOf(reader);
      case "Y":
        return traitPathOf(reader);
      case "N":
        return nestedPathOf(reader, place);
      case "I": {
        const path = pathOf(reader, place);
        return `${path}${place === "value" ? "::" : ""}<${genericArgumentsOf(reader).join(", ")}>`;
      }
      case "B":
        return reader.backReference(() => pathOf(reader, place));
      default:
        throw new NotASymbol();
    }
  });
}

/** Where an `impl` stands does not tell what it is of. */
function skipImplPath(reader: V0Reader): void {
  reader.optionalBase62("s");
  pathOf(reader, "value");
}

function traitPathOf(reader: V0Reader): string {
  const type = typeOf(reader);
  return `<${type} as ${pathOf(reader, "type")}>`;
}

const SPECIAL: ReadonlyMap<string, string> = new Map([
  ["C", "closure"],
  ["S", "shim"],
]);

function nestedPathOf(reader: V0Reader, place: "value" | "type"): string {
  const namespace = reader.match(/[a-zA-Z]/y);
  const path = pathOf(reader, place);
  const number = reader.optionalBase62("s");
  const name = reader.identifier();
  if (namespace >= "a") return name === "" ? path : `${path}::${name}`;
  const kind = SPECIAL.get(namespace) ?? namespace;
  return `${path}::{${kind}${name === "" ? "" : `:${name}`}#${number}}`;
}

/** Generic arguments up to their `E`. */
function genericArgumentsOf(reader: V0Reader): string[] {
  const found: string[] = [];
  while (!reader.takes("E")) found.push(genericArgumentOf(reader));
  return found;
}

function genericArgumentOf(reader: V0Reader): string {
  if (reader.takes("L")) return reader.lifetime();
  if (reader.takes("K")) return constOf(reader);
  return typeOf(reader);
}

// A letter and its type, in turn.
const BASIC_TYPES =
  "a i8 b bool c char d f64 e str f f32 h u8 i isize j usize l i32 m u32 n i128 o u128 p _ s i16 t u16 u () v ... x i64 y u64 z !";
const BASIC: ReadonlyMap<string, string> = new Map(
  Array.from(BASIC_TYPES.matchAll(/(\w) (\S+)/g), ([, letter = "", type = ""]) => [letter, type]),
);

function typeOf(reader: V0Reader): string {
  return reader.within(() => {
    const tag = reader.peek();
    const basic = BASIC.get(tag);
    // What is none of the tags below begins a path.
    if (basic === undefined && !"ASTRQPOFDB".includes(tag)) return pathOf(reader, "type");
    reader.next();
    switch (tag) {
      case "A":
        return `[${typeOf(reader)}; ${constOf(reader)}]`;
      case "S":
        return `[${typeOf(reader)}]`;
      case "T": {
        const types = typesOf(reader);
        return types.length === 1 ? `(${types[0]},)` : `(${types.join(", ")})`;
      }
      case "R":
        return `&${borrowOf(reader)}${typeOf(reader)}`;
      case "Q":
        return `&${borrowOf(reader)}mut ${typeOf(reader)}`;
      case "P":
        return `*const ${typeOf(reader)}`;
      case "O":
        return `*mut ${typeOf(reader)}`;
      case "F":
        return reader.binding(() => signatureOf(reader));
      case "D":
        return dynamicOf(reader);
      case "B":
        return reader.backReference(() => typeOf(reader));
      default:
        return basic ?? "_";
    }
  });
}

function typesOf(reader: V0Reader): string[] {
  const types: string[] = [];
  while (!reader.takes("E")) types.push(typeOf(reader));
  return types;
}

function borrowOf(reader: V0Reader): string {
  const lifetime = reader.takes("L") ? reader.lifetime() : "'_";
  return lifetime === "'_" ? "" : `${lifetime} `;
}

function signatureOf(reader: V0Reader): string {
  const unsafe = reader.takes("U") ? "unsafe " : "";
  const abi = reader.takes("K") ? `extern "${abiOf(reader)}" ` : "";
  const parameters = typesOf(reader).join(", ");
  const result = typeOf(reader);
  return `${unsafe}${abi}fn(${parameters})${result === "()" ? "" : ` -> ${result}`}`;
}

function abiOf(reader: V0Reader): string {
  return reader.takes("C") ? "C" : reader.identifier().replaceAll("_", "-");
}

function dynamicOf(reader: V0Reader): string {
  const traits = reader.binding(() => {
    const found: string[] = [];
    while (!reader.takes("E")) found.push(boundOf(reader));
    return found.join(" + ");
  });
  if (!reader.takes("L")) throw new NotASymbol();
  const lifetime = reader.lifetime();
  return `dyn ${traits}${lifetime === "'_" ? "" : ` + ${lifetime}`}`;
}

/** A trait of a `dyn`: `Iterator<Item = u8>`; what it says of associated types stands with its generic arguments. */
function boundOf(reader: V0Reader): string {
  const { path, arguments: given } = openPathOf(reader);
  const bindings: string[] = [];
  while (reader.takes("p")) bindings.push(`${reader.identifier()} = ${typeOf(reader)}`);
  const all = [...given, ...bindings];
  return all.length === 0 ? path : `${path}<${all.join(", ")}>`;
}

function openPathOf(reader: V0Reader): { path: string; arguments: string[] } {
  return reader.within(() => {
    if (reader.takes("B")) return reader.backReference(() => openPathOf(reader));
    if (!reader.takes("I")) return { path: pathOf(reader, "type"), arguments: [] };
    return { path: pathOf(reader, "type"), arguments: genericArgumentsOf(reader) };
  });
}
