import { KrustletError } from "@krustlet/interface";

/** What an entry of a tar archive is. */
type TarEntryType = "file" | "link" | "symlink" | "directory" | "character" | "block" | "fifo";

/** The header of an entry. Names are as the archive has them: nothing about them is safe yet. */
interface TarHeader {
  readonly name: string;
  readonly type: TarEntryType;
  readonly size: number;
  readonly mode: number;
  /** Seconds. */
  readonly mtime: number;
  readonly linkname: string;
}

/** An entry; its `content` has to be read before the next entry is asked for, or is passed over. */
export interface TarEntry extends TarHeader {
  readonly content: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
/** Longest extended header: names are at most 4096 bytes, the rest is attributes. */
const MAX_EXTENDED = 1 << 20;
/** What is kept of extended headers; of those there may be any number, and each may have new names. */
const KEPT: ReadonlySet<string> = new Set(["path", "linkpath", "size", "mtime"]);
const TYPES: Readonly<Record<string, TarEntryType>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

const malformed = (why: string): KrustletError =>
  new KrustletError("RegistryProtocol", `the tar stream is malformed: ${why}`);

/** Reads exact amounts from a stream of chunks. */
class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** At least one and at most `limit` bytes; undefined at the end. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#rest = next.value;
    }
    const taken = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** Exactly `size` bytes; undefined when the stream has ended before the first of them. */
  async exactly(size: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const part = await this.some(size - at);
      if (part === undefined) {
        if (at === 0) return undefined;
        throw malformed("it ends in the middle");
      }
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** Reads to the end of the stream. */
  async drain(): Promise<void> {
    while ((await this.some(Number.MAX_SAFE_INTEGER)) !== undefined);
  }
}

/**
 * The entries of a tar stream: ustar, pax (`x`, `g`) and GNU long names. Strict: a wrong checksum, a number that is none,
 * a name with NUL, an unknown entry type or a header longer than a megabyte ends it.
 * @throws KrustletError `RegistryProtocol`. @see POSIX.1-2017 pax, "ustar Interchange Format"
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void, undefined> {
  const source = new ByteSource(chunks);
  let globals: ReadonlyMap<string, string> = new Map();
  let extended = new Map<string, string>();
  for (;;) {
    const block = await source.exactly(BLOCK);
    if (block === undefined || block.every((byte) => byte === 0)) return source.drain();
    const flag = String.fromCharCode(block[156] ?? 0);
    const raw = rawHeader(block);
    if (flag === "x" || flag === "g" || flag === "L" || flag === "K") {
      const body = await readExtended(source, raw.size);
      if (flag === "g") globals = new Map([...globals, ...parsePax(body)]);
      else if (flag === "x") extended = new Map([...extended, ...parsePax(body)]);
      else extended.set(flag === "L" ? "path" : "linkpath", textOf(body));
      continue;
    }
    const type = TYPES[flag];
    if (type === undefined) throw malformed(`it has an entry of unknown type ${JSON.stringify(flag)}`);
    const header = finish(raw, type, new Map([...globals, ...extended]));
    extended = new Map();
    let left = header.type === "file" ? header.size : 0;
    const padding = (BLOCK - (left % BLOCK)) % BLOCK;
    async function* content(): AsyncGenerator<Uint8Array, void, undefined> {
      while (left > 0) {
        const part = await source.some(left);
        if (part === undefined) throw malformed(`it ends in the middle of ${JSON.stringify(header.name)}`);
        left -= part.length;
        yield part;
      }
    }
    yield { ...header, content: content() };
    for await (const _passed of content());
    if (padding > 0 && (await source.exactly(padding)) === undefined)
      throw malformed("it ends in the middle");
  }
}

async function readExtended(source: ByteSource, size: number): Promise<Uint8Array> {
  if (size > MAX_EXTENDED) throw malformed("an extended header is longer than a megabyte");
  const padded = await source.exactly(Math.ceil(size / BLOCK) * BLOCK);
  if (size > 0 && padded === undefined) throw malformed("it ends in the middle");
  return (padded ?? new Uint8Array(0)).subarray(0, size);
}

function rawHeader(block: Uint8Array): Omit<TarHeader, "type"> {
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 32 : byte;
  if (numberAt(block, 148, 8) !== sum) throw malformed("a header has a wrong checksum");
  const text = (from: number, length: number): string => textOf(block.subarray(from, from + length));
  const prefix = text(257, 6) === "ustar" ? text(345, 155) : "";
  const name = text(0, 100);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: numberAt(block, 100, 8),
    size: numberAt(block, 124, 12),
    mtime: numberAt(block, 136, 12),
    linkname: text(157, 100),
  };
}

function finish(
  raw: Omit<TarHeader, "type">,
  type: TarEntryType,
  pax: ReadonlyMap<string, string>,
): TarHeader {
  const size = pax.has("size") ? Number(pax.get("size")) : raw.size;
  const mtime = pax.has("mtime") ? Number(pax.get("mtime")) : raw.mtime;
  if (!Number.isSafeInteger(size) || size < 0) throw malformed("a size is no number");
  const name = pax.get("path") ?? raw.name;
  const linkname = pax.get("linkpath") ?? raw.linkname;
  if (name.includes("\0") || linkname.includes("\0")) throw malformed("a name contains NUL");
  // Archives from before ustar mark directories by a slash at the end.
  const isDirectory = type === "file" && name.endsWith("/");
  return {
    name,
    linkname,
    size,
    mode: raw.mode,
    mtime: Number.isFinite(mtime) ? mtime : 0,
    type: isDirectory ? "directory" : type,
  };
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end === -1 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

function numberAt(block: Uint8Array, from: number, length: number): number {
  const field = block.subarray(from, from + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw malformed("a number is too large");
    return value;
  }
  const text = textOf(field).trim();
  if (!/^[0-7]*$/.test(text)) throw malformed("a number is none");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

function parsePax(body: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(0x20, at);
    const digits = blank === -1 ? "" : bytes.toString("latin1", at, Math.min(blank, at + 10));
    const end = at + Number(digits);
    if (!/^[1-9]\d{0,8}$/.test(digits) || end > bytes.length || end <= blank + 1 || bytes[end - 1] !== 0x0a) {
      throw malformed("an extended header cannot be read");
    }
    const record = bytes.toString("utf8", blank + 1, end - 1);
    const equals = record.indexOf("=");
    if (equals <= 0) throw malformed("an extended header cannot be read");
    const key = record.slice(0, equals);
    if (key.startsWith("GNU.sparse.")) throw malformed("it has sparse files");
    if (KEPT.has(key)) records.set(key, record.slice(equals + 1));
    at = end;
  }
  return records;
}
