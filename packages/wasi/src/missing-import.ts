import { KrustletError } from "@krustlet/interface";

// What kind of host has imports of such names, first match wins.
const WORLDS: readonly (readonly [RegExp, string])[] = [
  [/^wasi:|^wasi_snapshot_preview2/, "it was built for WASI 0.2 or later and has to be a component"],
  [/^wasi_snapshot_preview1$|^wasi_unstable$/, "it is no function of WASI preview 1"],
  [/^wasix_/, "it was built for WASIX"],
  [/^wasi_nn$|^wasi_ephemeral_nn$|^wasi_ephemeral_/, "it needs a WASI proposal beyond preview 1"],
  [/^wapc$/, "it is a waPC (waSCC) actor"],
  [/^gojs$|^go$/, "it was built by Go for browsers (GOOS=js); build it with GOOS=wasip1 GOARCH=wasm"],
  [/^__wbindgen|^wbg$/, "it was built by wasm-bindgen for JavaScript; build it for the target wasm32-wasip1"],
  [
    /^env\.(__indirect_function_table|emscripten|_emscripten|invoke_)/,
    "it was built by Emscripten for JavaScript",
  ],
  [/^env\.proxy_/, "it is a proxy-wasm filter"],
  [/^env\.memory$/, "it wants its memory from the host, as threads do"],
  [/^wasi$/, "it needs WASI threads"],
  [/^env\.(abort|seed|trace)$/, "it was built by AssemblyScript without its WASI shim"],
  [/^env\./, "a symbol was left undefined when it was linked"],
];

/** The error for an import that this host does not have. */
export function missingImport({ module, name, kind }: WebAssembly.ModuleImportDescriptor): KrustletError {
  const full = `${module}.${name}`;
  const why = WORLDS.find(([pattern]) => pattern.test(module) || pattern.test(full))?.[1];
  const reason = why === undefined ? "no such host interface is known" : why;
  return new KrustletError(
    "MissingImport",
    // A name may be anything, several lines for example.
    `the module imports ${kind} ${JSON.stringify(full)}, which a WASI preview 1 host does not have: ${reason}`,
  );
}
