import { expect, it } from "vitest";
import type { Guest } from "@krustlet/wasi";
import type { ContainerPlan } from "@krustlet/interface";
import { GuestFiles } from "../src/fs/guest-files.ts";
import { wasmerFaces } from "../src/wasmer-faces.ts";

const ENAMETOOLONG = 37;
const ENOENT = 44;
const PREOPEN = 3;

/** The arguments of each call on a path of so many bytes at address 0. */
const calls: Record<string, (length: number) => readonly (number | bigint)[]> = {
  path_create_directory: (length) => [PREOPEN, 0, length],
  path_filestat_get: (length) => [PREOPEN, 0, 0, length, 8192],
  path_filestat_set_times: (length) => [PREOPEN, 0, 0, length, 0n, 0n, 0],
  path_link: (length) => [PREOPEN, 0, 0, 4, PREOPEN, 0, length],
  path_open: (length) => [PREOPEN, 0, 0, length, 0, 2n, 0n, 0, 8192],
  path_readlink: (length) => [PREOPEN, 0, length, 8192, 16, 9000],
  path_remove_directory: (length) => [PREOPEN, 0, length],
  path_rename: (length) => [PREOPEN, 0, length, PREOPEN, 0, 4],
  path_symlink: (length) => [0, 4, PREOPEN, 0, length],
  path_unlink_file: (length) => [PREOPEN, 0, length],
};

it("takes no path of more than 4,096 bytes, however large the guest's memory is", () => {
  using files = new GuestFiles([]);
  const plan = { args: ["guest"], env: {} } as unknown as ContainerPlan;
  const faces = wasmerFaces(plan, files);
  const { quick = {}, waiting = {} } = faces["wasi_snapshot_preview1"] ?? {};
  const functions = { ...quick, ...waiting };
  const attached = new WebAssembly.Memory({ initial: 160 });
  new Uint8Array(attached.buffer).fill(0x61);
  const guest = { memory: { attached } } as unknown as Guest;
  expect(
    Object.keys(functions)
      .filter((name) => name.startsWith("path_"))
      .toSorted(),
  ).toEqual(Object.keys(calls));
  for (const [name, argumentsOf] of Object.entries(calls)) {
    const call = functions[name] as unknown as (guest: Guest, ...values: unknown[]) => number;
    for (const length of [4097, 160 * 65_536, -1]) {
      expect(call(guest, ...argumentsOf(length)), `${name} ${length}`).toBe(ENAMETOOLONG);
    }
  }
  const open = functions["path_open"] as unknown as (guest: Guest, ...values: unknown[]) => number;
  expect(open(guest, ...(calls["path_open"]?.(4) ?? []))).toBe(ENOENT);
});
