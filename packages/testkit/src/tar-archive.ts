/** An entry of {@link tarArchive}; what is left out is as harmless as can be. */
export interface TarFile {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` directory, `6` pipe. Default `0`. */
  readonly type?: string;
  readonly linkname?: string;
  readonly mode?: number;
  /** What the header says, where it is to lie. */
  readonly size?: number;
}

const BLOCK = 512;

/** A ustar archive of exactly these entries, hostile ones too: names are written as they are. */
export function tarArchive(entries: readonly TarFile[]): Buffer {
  const parts: Buffer[] = [];
  for (const { name, content = "", type = "0", linkname = "", mode = 0o644, size } of entries) {
    const body = Buffer.from(content as string);
    const header = Buffer.alloc(BLOCK);
    header.write(name, 0, 100);
    header.write(mode.toString(8).padStart(7, "0"), 100);
    header.write("0000000", 108);
    header.write("0000000", 116);
    header.write((size ?? body.length).toString(8).padStart(11, "0"), 124);
    header.write((1_700_000_000).toString(8).padStart(11, "0"), 136);
    header.write("        ", 148);
    header.write(type, 156, 1);
    header.write(linkname, 157, 100);
    header.write("ustar\u000000", 257, "latin1");
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    parts.push(header, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** An entry with a pax header before it, for what ustar cannot say. */
export function paxEntry(records: Readonly<Record<string, string>>): TarFile {
  const content = Object.entries(records)
    .map(([key, value]) => {
      const rest = Buffer.byteLength(` ${key}=${value}\n`);
      let length = rest + String(rest).length;
      length = rest + String(length).length;
      return `${length} ${key}=${value}\n`;
    })
    .join("");
  return { name: "pax", type: "x", content };
}
