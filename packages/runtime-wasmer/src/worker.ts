/** The file that every thread of the wasmer runtime starts from. */
import { startThread } from "@krustlet/runtime-wasi";
import { GuestFiles } from "./fs/guest-files.ts";
import { wasmerFaces } from "./wasmer-faces.ts";

void startThread({
  extend: (plan) => {
    const files = new GuestFiles(plan.mounts);
    return { faces: wasmerFaces(plan, files), [Symbol.dispose]: () => files[Symbol.dispose]() };
  },
});
