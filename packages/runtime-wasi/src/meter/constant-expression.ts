import type { ByteReader } from "@krustlet/wasm-binary";

/** Skips a constant expression (core specification, §3.3.10) with its `end`. */
export function skipConstantExpression(reader: ByteReader): void {
  for (;;) {
    const start = reader.offset;
    const opcode = reader.u8();
    if (opcode === 0x0b) return;
    if (opcode === 0x41 || opcode === 0x42) reader.skipLeb(10);
    else if (opcode === 0x43) reader.take(4, "a constant");
    else if (opcode === 0x44) reader.take(8, "a constant");
    else if (opcode === 0x23 || opcode === 0xd2) reader.u32();
    else if (opcode === 0xd0) reader.s33();
    else if (opcode === 0xfd) {
      reader.u32();
      reader.take(16, "a constant");
    } else if (opcode === 0xfb) {
      const second = reader.u32();
      if (second <= 8) reader.u32();
      if (second === 8) reader.u32();
    } else if (opcode < 0x6a || opcode > 0x7e) {
      throw reader.fail(`0x${opcode.toString(16)} is not constant`, start);
    }
  }
}
