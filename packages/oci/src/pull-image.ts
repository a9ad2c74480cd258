import { constants, copyFile, open, truncate, writeFile } from "node:fs/promises";
import { KrustletError } from "@krustlet/interface";
import type {
  Cancellable,
  ModuleSource,
  PullAccess,
  PulledImage,
  PullProgress,
  PullTarget,
  WasmKind,
} from "@krustlet/interface";
import { wasmKindOf } from "@krustlet/wasm-binary";
import { planArtifact } from "./artifact.ts";
import type { ArtifactPlan } from "./artifact.ts";
import { diskError } from "./blob-file.ts";
import { choosePlatform } from "./choose-platform.ts";
import { digestOf, hashFile, hashFor } from "./digest.ts";
import { findModule } from "./find-module.ts";
import { unpackLayerFile } from "./layer-stream.ts";
import { parseManifest } from "./manifest.ts";
import type { Descriptor, Manifest } from "./manifest.ts";
import { layerCompressionOf } from "./media-types.ts";
import { formatReference } from "./reference.ts";
import type { RegistryClient, RegistrySession } from "./registry-client.ts";
import { createUnpackBudget } from "./unpack-limits.ts";
import type { UnpackLimits } from "./unpack-limits.ts";

/** A session with the right by which it pulls. */
export interface PullSession extends RegistrySession {
  readonly access: PullAccess;
}

/** What {@link pullImage} works with. */
export interface PullImageInit {
  readonly client: RegistryClient;
  readonly target: PullTarget;
  readonly limits: UnpackLimits;
  readonly maxSize: number;
  /** As the user gave it, for progress. */
  readonly reference: string;
  readonly onProgress?: (progress: PullProgress) => void;
}

const MAX_CONFIG = 4 << 20;
const MAX_NESTING = 4;
const MAX_LAYERS = 1000;
const PARALLEL = 3;

/** Fetches one image into the target: manifest, config, layers, and the tree where the layers are one. */
export async function pullImage(session: PullSession, init: PullImageInit): Promise<PulledImage> {
  const subject = formatReference(session.reference);
  const tell = (digest: string, state: PullProgress["state"], current: number, total: number): void =>
    init.onProgress?.({ reference: init.reference, digest, state, current, total });
  tell(session.reference.digest ?? "", "resolving", 0, 0);

  const { digest, manifestDigest, manifest, manifestSize } = await findManifest(session, init, subject);
  const fetch = (blob: Descriptor): Promise<string> => fetchBlob(session, init, blob, subject);
  refuseTooLarge(manifest, init.maxSize, subject);
  const config = await readConfig(session, init, manifest.config, subject);
  const plan = planArtifact(manifest, config, subject);
  const layers = plan.form === "layer" ? [plan.layer] : plan.layers;
  const paths = await inParallel(layers, fetch);

  const found =
    plan.form === "layer"
      ? await moduleOfLayer(plan.layer, paths[0] ?? "", init.target, subject)
      : await moduleOfTree(plan, paths, { manifestDigest, subject, init, tell, signal: session.signal });
  const size = manifestSize + [manifest.config, ...layers].reduce((sum, blob) => sum + blob.size, 0);
  tell(manifestDigest, "done", size, size);
  const blobs = new Set([...layers.map((layer) => layer.digest), found.module.digest]);
  return {
    digest,
    manifestDigest,
    access: session.access,
    config: plan.config,
    size,
    blobs: [...blobs],
    ...found,
  };
}

/** A manifest costs nothing to write: what it asks for is bounded before any of it is fetched. */
function refuseTooLarge(manifest: Manifest, maxSize: number, subject: string): void {
  const { config, layers } = manifest;
  const size = [config, ...layers].reduce((sum, blob) => sum + blob.size, 0);
  const why =
    layers.length > MAX_LAYERS
      ? `${layers.length} layers; the limit is ${MAX_LAYERS}`
      : `${size} bytes; the limit is ${maxSize}`;
  if (layers.length > MAX_LAYERS || size > maxSize) {
    throw new KrustletError("UnsupportedArtifact", `${subject} has ${why}`);
  }
}

async function findManifest(
  session: PullSession,
  init: PullImageInit,
  subject: string,
): Promise<{ digest: string; manifestDigest: string; manifest: Manifest; manifestSize: number }> {
  const first = await init.client.manifest(session);
  let [at, size] = [first, first.bytes.length];
  for (let depth = 0; depth <= MAX_NESTING; depth += 1) {
    const parsed = parseManifest(at.bytes, at.contentType, subject);
    if (parsed.type === "manifest") {
      return { digest: first.digest, manifestDigest: at.digest, manifest: parsed, manifestSize: size };
    }
    at = await init.client.manifest(session, choosePlatform(parsed, subject).digest);
    size += at.bytes.length;
  }
  throw new KrustletError("RegistryProtocol", `${subject}: indexes lead to indexes without end`);
}

/** The config's text. It is part of the plan, not of the image on disk, so it stays in memory unless it is large. */
async function readConfig(
  session: PullSession,
  init: PullImageInit,
  blob: Descriptor,
  subject: string,
): Promise<string> {
  if (blob.size > MAX_CONFIG) {
    throw new KrustletError(
      "UnsupportedArtifact",
      `${subject} has a config of ${blob.size} bytes; the limit is ${MAX_CONFIG}`,
    );
  }
  const inline = inlineOf(blob, subject);
  if (inline !== undefined) return inline.toString("utf8");
  const path = await fetchBlob(session, init, blob, subject);
  const file = await open(path);
  try {
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function inlineOf(blob: Descriptor, subject: string): Buffer | undefined {
  if (blob.data === undefined) return undefined;
  const bytes = Buffer.from(blob.data, "base64");
  if (bytes.length === blob.size && digestOf(bytes, blob.digest) === blob.digest) return bytes;
  throw new KrustletError(
    "DigestMismatch",
    `${subject}: the data in a descriptor is not what its digest ${blob.digest} says`,
  );
}

async function fetchBlob(
  session: PullSession,
  init: PullImageInit,
  blob: Descriptor,
  subject: string,
): Promise<string> {
  const tell = (state: PullProgress["state"], current: number, message?: string): void =>
    init.onProgress?.({
      reference: init.reference,
      digest: blob.digest,
      current,
      total: blob.size,
      state,
      ...(message === undefined ? {} : { message }),
    });
  const here = await init.target.find(blob.digest);
  if (here !== undefined) {
    tell("done", blob.size);
    return here;
  }
  const inline = inlineOf(blob, subject);
  const path = await init.target.add(blob.digest, async (partial) => {
    if (inline !== undefined) {
      await writeFile(partial, inline).catch((cause: unknown) => Promise.reject(diskError(cause, partial)));
      return;
    }
    let current = 0;
    tell("downloading", 0);
    const retrying: PullSession = { ...session, onRetry: (message) => tell("retrying", current, message) };
    await init.client.blob(retrying, blob, {
      path: partial,
      onBytes: (now) => tell("downloading", (current = now)),
    });
    tell("verifying", blob.size);
  });
  tell("done", blob.size);
  return path;
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const workers = Array.from({ length: Math.min(PARALLEL, items.length) }, async () => {
    for (let at = next; at < items.length; at = next) {
      next += 1;
      results[at] = await work(items[at] as T);
    }
  });
  // Nothing of a failed pull may still write when the failure is told.
  const settled = await Promise.allSettled(workers);
  for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
  return results;
}

async function moduleOfLayer(
  layer: Descriptor,
  path: string,
  target: PullTarget,
  subject: string,
): Promise<{ kind: WasmKind; module: ModuleSource }> {
  const kind = await kindOf(path, subject);
  if (layer.digest.startsWith("sha256:"))
    return { kind, module: { digest: layer.digest, path, size: layer.size } };
  return { kind, module: await addModule(path, target) };
}

async function moduleOfTree(
  plan: Extract<ArtifactPlan, { form: "tree" }>,
  paths: readonly string[],
  context: Cancellable & {
    readonly manifestDigest: string;
    readonly subject: string;
    readonly init: PullImageInit;
    readonly tell: (digest: string, state: PullProgress["state"], current: number, total: number) => void;
  },
): Promise<{ kind: WasmKind; module: ModuleSource; tree: string }> {
  const { manifestDigest, subject, init, tell, signal } = context;
  const key = manifestDigest.replace(":", "-");
  const root = await init.target.addTree(key, async (directory) => {
    const budget = createUnpackBudget(init.limits, subject);
    for (const [at, layer] of plan.layers.entries()) {
      tell(layer.digest, "unpacking", at, plan.layers.length);
      const diffId = plan.diffIds[at];
      const compression = layerCompressionOf(layer.mediaType) ?? "none";
      await unpackLayerFile(
        { path: paths[at] ?? "", compression, ...(diffId === undefined ? {} : { diffId }) },
        { root: directory, budget, subject, signal },
      );
    }
  });
  const file = await findModule(root, plan.config, subject);
  const kind = await kindOf(file, subject);
  return { kind, module: await addModule(file, init.target), tree: key };
}

/** A copy of the module among the blobs: what is in a tree is not addressed by its digest. */
async function addModule(file: string, target: PullTarget): Promise<ModuleSource> {
  const hash = hashFor("sha256:");
  const size = await hashFile(file, hash);
  const digest = `sha256:${hash.digest("hex")}`;
  const here = await target.find(digest);
  if (here !== undefined) return { digest, path: here, size };
  const path = await target.add(digest, async (partial) => {
    await truncate(partial, 0).catch(() => {});
    await copyFile(file, partial, constants.COPYFILE_FICLONE).catch((cause: unknown) =>
      Promise.reject(diskError(cause, partial)),
    );
  });
  return { digest, path, size };
}

async function kindOf(path: string, subject: string): Promise<WasmKind> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const kind = wasmKindOf(buffer.subarray(0, bytesRead));
    if (kind !== undefined) return kind;
  } finally {
    await file.close();
  }
  throw new KrustletError("InvalidModule", `${subject}: what should be its WebAssembly module is none`);
}
