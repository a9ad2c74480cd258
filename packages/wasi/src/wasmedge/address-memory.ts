import { ERRNO, fail } from "../errno.ts";
import type { GuestMemory } from "../guest-memory.ts";
import { addressOfBytes, bytesOfAddress, FAMILY } from "./socket-address.ts";
import type { Family } from "./socket-address.ts";

// An address as large as any: a 16-bit family, then the bytes.
const STORAGE = 128;

/** The buffer of the guest's `address_t`: a pointer and a length. */
function bufferOf(memory: GuestMemory, pointer: number): Uint8Array<ArrayBuffer> {
  const [at, { view }] = [pointer >>> 0, memory];
  return memory.slice(view.getUint32(at, true), view.getUint32(at + 4, true));
}

/** The address that the guest gives to a socket of `family`: 4 or 16 bytes, or 128 with the family before it. */
export function readAddress(memory: GuestMemory, pointer: number, family: Family): string {
  const buffer = bufferOf(memory, pointer);
  const size = family === FAMILY.INET4 ? 4 : 16;
  if (buffer.length === STORAGE) {
    const given = (buffer[0] ?? 0) | ((buffer[1] ?? 0) << 8);
    return given === family ? addressOfBytes(buffer.subarray(2, 2 + size)) : fail(ERRNO.AFNOSUPPORT);
  }
  if (buffer.length !== 4 && buffer.length !== 16) fail(ERRNO.INVAL);
  return buffer.length === size ? addressOfBytes(buffer) : fail(ERRNO.AFNOSUPPORT);
}

/** Writes the address as the older functions do: only its bytes, as far as the guest's buffer is large enough. */
export function writeAddress(memory: GuestMemory, pointer: number, family: Family, address: string): void {
  const [buffer, bytes] = [bufferOf(memory, pointer), bytesOfAddress(family, address)];
  if (buffer.length !== 4 && buffer.length !== 16) fail(ERRNO.INVAL);
  if (buffer.length >= bytes.length) buffer.set(bytes);
}

/** Writes the address as the newer functions do: 128 bytes with the family first; 4 and 16 bytes where `short`. */
export function writeStorage(
  memory: GuestMemory,
  pointer: number,
  family: Family,
  address: string,
  short: boolean,
): void {
  const buffer = bufferOf(memory, pointer);
  if (buffer.length !== STORAGE) {
    if (!short) fail(ERRNO.INVAL);
    writeAddress(memory, pointer, family, address);
    return;
  }
  buffer[0] = family;
  buffer[1] = 0;
  buffer.set(bytesOfAddress(family, address), 2);
}
