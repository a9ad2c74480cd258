import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";
import type { Observable } from "rxjs";

import { watchDirectory } from "./directory-changes.ts";
import type { DirectoryChanges } from "./directory-changes.ts";
import { fromAbortable } from "./from-abortable.ts";
import type { PodChange } from "./kubelet-init.ts";

/** Init of {@link manifestDirectory}. */
export interface ManifestDirectoryInit<Manifest extends { readonly pods: readonly V1Pod[] }> {
  /** Absolute path. Its files ending in `.yaml`, `.yml` or `.json` are manifests, unless they begin with a dot. */
  readonly path: string;
  readonly clock: Clock;
  /** Reads one file's content. What it throws is told, and the file's earlier pods go on. */
  readonly parse: (content: Uint8Array, file: string) => Manifest | Promise<Manifest>;
  /** Told of a file's manifest before its pods are, and of `undefined` when the file is gone. */
  readonly onManifest?: (file: string, manifest: Manifest | undefined) => void;
  /** Told what cannot be read, once; the pods that run go on. */
  readonly onError: (error: unknown) => void;
  /** Makes a pod of the kubelet's of one of a manifest. Default: it gets a UID of its own. */
  readonly identify?: (pod: V1Pod, file: string) => V1Pod;
  /** Told when the whole directory has been read, after what was found in it. */
  readonly onScanned?: () => void;
  /** Tells when something in the directory may have changed. Default: the kernel. */
  readonly watch?: (path: string) => DirectoryChanges;
}

/** How often the directory is read even if nobody tells of a change, as the kubelet's `fileCheckFrequency`. */
const POLL_MS = 20_000;
/** A file is read once it has stayed the same for so long: editors and copies write it in parts. */
const SETTLE_MS = 100;
const LARGEST_FILE = 16 * 2 ** 20;

interface KnownFile {
  /** What the file system says of the contents that were read last. */
  signature: string;
  /** What it says now, while that still changes. */
  changing: string | undefined;
  pods: ReadonlyMap<string, { readonly pod: V1Pod; readonly hash: string }>;
}

/**
 * The pods of a directory of manifests, and its changes: what a new file holds is added, what changes is replaced
 * (with a new UID), what is gone is removed. A pod that stays the same in a file that changes is left alone.
 */
export function manifestDirectory<Manifest extends { readonly pods: readonly V1Pod[] }>(
  init: ManifestDirectoryInit<Manifest>,
): Observable<PodChange> {
  return fromAbortable<PodChange>(async (emit, signal) => {
    const known: KnownDirectory = { files: new Map(), unreadable: false };
    using changes = (init.watch ?? watchDirectory)(init.path);
    for (let first = true; !signal.aborted; first = false) {
      const changed = changes.next();
      const unsettled = await scan(init, known, { emit, first });
      signal.throwIfAborted();
      const wait = new AbortController();
      const timer = init.clock
        .sleep(unsettled ? SETTLE_MS : POLL_MS, { signal: AbortSignal.any([signal, wait.signal]) })
        .catch(() => undefined);
      await (unsettled ? timer : Promise.race([changed, timer]));
      wait.abort();
    }
  });
}

interface KnownDirectory {
  readonly files: Map<string, KnownFile>;
  /** Whether that was told. */
  unreadable: boolean;
}

/** What stands in the directory under a manifest's name. */
interface FoundFile {
  /** What the file system says of its contents. */
  readonly signature: string;
  /** Why it is not read. */
  readonly problem: string | undefined;
}

/** Reads what has changed and settled; true if something has changed and not settled. */
async function scan<Manifest extends { readonly pods: readonly V1Pod[] }>(
  init: ManifestDirectoryInit<Manifest>,
  directory: KnownDirectory,
  options: { readonly emit: (change: PodChange) => void; readonly first: boolean },
): Promise<boolean> {
  const { files } = directory;
  let found: ReadonlyMap<string, FoundFile>;
  try {
    found = await filesOf(init.path);
    directory.unreadable = false;
  } catch (cause) {
    if (!directory.unreadable) init.onError(unreadable(init.path, cause));
    directory.unreadable = true;
    // Where there is no directory there is no pod either.
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") init.onScanned?.();
    return false;
  }
  let unsettled = false;
  for (const [file, known] of files) {
    if (found.has(file)) continue;
    files.delete(file);
    for (const { pod } of known.pods.values()) options.emit({ type: "removed", pod });
    init.onManifest?.(file, undefined);
  }
  for (const [file, { signature, problem }] of found) {
    const known = files.get(file) ?? { signature: "", changing: undefined, pods: new Map() };
    files.set(file, known);
    if (signature === known.signature) continue;
    if (options.first || signature === known.changing) {
      known.signature = signature;
      known.changing = undefined;
      if (problem === undefined) await take(init, file, files, options.emit);
      else init.onError(new KrustletError("InvalidManifest", `${file} ${problem}`));
    } else {
      known.changing = signature;
      unsettled = true;
    }
  }
  if (!unsettled) init.onScanned?.();
  return unsettled;
}

async function take<Manifest extends { readonly pods: readonly V1Pod[] }>(
  init: ManifestDirectoryInit<Manifest>,
  file: string,
  files: ReadonlyMap<string, KnownFile>,
  emit: (change: PodChange) => void,
): Promise<void> {
  const known = files.get(file);
  if (known === undefined) return;
  try {
    const manifest = await init.parse(await readFile(join(init.path, file)), file);
    const pods = new Map<string, { pod: V1Pod; hash: string }>();
    const added: V1Pod[] = [];
    for (const each of manifest.pods) {
      const name = `${each.metadata?.namespace ?? "default"}/${each.metadata?.name ?? ""}`;
      const hash = createHash("sha256").update(JSON.stringify(each)).digest("hex");
      const before = known.pods.get(name);
      if (before?.hash === hash) {
        pods.set(name, before);
        continue;
      }
      const pod = init.identify?.(each, join(init.path, file)) ?? withUid(each, randomUUID());
      pods.set(name, { pod, hash });
      added.push(pod);
      const [other] = [...files].find(([each, { pods }]) => each !== file && pods.has(name)) ?? [];
      if (other !== undefined) init.onError(anotherOf(name, file, other));
    }
    init.onManifest?.(file, manifest);
    for (const [name, { pod }] of known.pods) {
      if (pods.get(name)?.pod !== pod) emit({ type: "removed", pod });
    }
    known.pods = pods;
    for (const pod of added) emit({ type: "added", pod });
  } catch (error) {
    init.onError(error);
  }
}

function withUid(pod: V1Pod, uid: string): V1Pod {
  const { apiVersion, kind, metadata, spec, status } = pod;
  return { apiVersion, kind, metadata: Object.assign({}, metadata, { uid }), spec, status };
}

function unreadable(path: string, cause: unknown): KrustletError {
  const isGone = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  const why = isGone ? "there is no such directory" : cause instanceof Error ? cause.message : String(cause);
  return new KrustletError("VolumeFailed", `${path} cannot be read: ${why}`, { cause });
}

function anotherOf(pod: string, file: string, other: string): KrustletError {
  const message = `${file}: Pod "${pod}" is in ${other} too; this one runs when that one is gone`;
  return new KrustletError("InvalidManifest", message);
}

async function filesOf(directory: string): Promise<ReadonlyMap<string, FoundFile>> {
  const found = new Map<string, FoundFile>();
  const names = await readdir(directory);
  for (const name of names.toSorted()) {
    if (name.startsWith(".") || !/\.(?:ya?ml|json)$/iu.test(name)) continue;
    const facts = await stat(join(directory, name), { bigint: true }).catch(() => undefined);
    if (facts === undefined || facts.isDirectory()) continue;
    const problem = facts.isFile()
      ? facts.size > LARGEST_FILE
        ? "is larger than any manifest"
        : undefined
      : "is no regular file";
    found.set(name, { signature: `${facts.ino} ${facts.size} ${facts.mtimeNs}`, problem });
  }
  return found;
}
