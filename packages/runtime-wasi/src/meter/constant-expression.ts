import type { ByteReader } from "@krustlet/wasm-binary";

/** Told of each object that an expression makes: its type, and an array's length unless that is computed. */
export type OnObject = (type: number, length: number | undefined) => void;

/** Skips a constant expression (core specification, §3.3.10) with its `end`. */
export function skipConstantExpression(reader: ByteReader, onObject?: OnObject): void {
  // The number that the last instruction put on the stack.
  let number: number | undefined;
  for (;;) {
    const start = reader.offset;
    const opcode = reader.u8();
    const last = number;
    number = undefined;
    if (opcode === 0x0b) return;
    if (opcode === 0x41) number = reader.s33() >>> 0;
    else if (opcode === 0x42) reader.skipLeb(10);
    else if (opcode === 0x43) reader.take(4, "a constant");
    else if (opcode === 0x44) reader.take(8, "a constant");
    else if (opcode === 0x23 || opcode === 0xd2) reader.u32();
    else if (opcode === 0xd0) reader.s33();
    else if (opcode === 0xfd) {
      reader.u32();
      reader.take(16, "a constant");
    } else if (opcode === 0xfb) skipObject(reader, last, onObject);
    else if (opcode < 0x6a || opcode > 0x7e) {
      throw reader.fail(`0x${opcode.toString(16)} is not constant`, start);
    }
  }
}

/** Skips a GC instruction after its prefix; `last` is the number that it finds on the stack. */
function skipObject(reader: ByteReader, last: number | undefined, onObject: OnObject | undefined): void {
  const opcode = reader.u32();
  if (opcode > 8) return;
  const type = reader.u32();
  if (opcode === 8) onObject?.(type, reader.u32());
  else onObject?.(type, opcode < 2 ? 1 : last);
}
