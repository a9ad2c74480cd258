import { KrustletError } from "@krustlet/interface";
import type {
  Clock,
  EnsuredImage,
  EnsureImageOptions,
  ImageName,
  ImagePuller,
  PullProgress,
} from "@krustlet/interface";
import { fingerprintOf, mayUse, withAccess } from "./access.ts";
import type { Content } from "./content.ts";
import { buildRecord, imageOf } from "./image-record.ts";
import type { ImageRecord } from "./image-record.ts";
import type { StoreLayout } from "./layout.ts";
import type { Records } from "./records.ts";
import { sizeAt } from "./size-at.ts";
import type { SingleFlight } from "./single-flight.ts";

/** What {@link ensureImage} works with. */
export interface EnsureInit {
  readonly layout: StoreLayout;
  readonly puller: () => Promise<ImagePuller>;
  readonly clock: Pick<Clock, "now">;
  readonly content: Content;
  readonly records: Records;
  readonly salt: () => Promise<Buffer>;
  readonly flights: SingleFlight<
    PullProgress,
    { readonly record: ImageRecord; readonly pulled: boolean; readonly duration: number }
  >;
}

/** `ImageStore.ensure`: present, or asked for, or pulled, as the policy says and the caller's credentials allow. */
export async function ensureImage(
  reference: string,
  options: EnsureImageOptions,
  init: EnsureInit,
): Promise<EnsuredImage> {
  options.signal?.throwIfAborted();
  const name = (await init.puller()).nameOf(reference);
  const salt = await init.salt();
  const fingerprints = (options.credentials ?? []).map((credential) => fingerprintOf(credential, salt));
  const present = await findPresent(name, init);
  const allowed = present !== undefined && mayUse(present.access, fingerprints);
  if (present !== undefined && allowed && options.policy !== "Always") {
    await init.records.touch(present.name, init.clock.now());
    return { image: imageOf(present, init.layout, reference), pulled: false, duration: 0 };
  }
  if (options.policy === "Never") throw neverPull(reference, present !== undefined);

  options.onPull?.();
  const key = JSON.stringify([name.name, fingerprints]);
  const { record, pulled, duration } = await init.flights(key, options, (signal, onProgress) =>
    refresh(reference, name, { ...options, signal, onProgress }, init),
  );
  return { image: imageOf(record, init.layout, reference), pulled, duration };
}

function neverPull(reference: string, present: boolean): KrustletError {
  const image = `Container image ${JSON.stringify(reference)}`;
  return new KrustletError(
    "ImageNeverPull",
    present
      ? `${image} is present, but with pull policy of Never it cannot be asked whether these credentials may use it`
      : `${image} is not present with pull policy of Never`,
  );
}

/** The record of a name whose files are all here and sound. A digest may have come under a tag of the repository. */
async function findPresent(name: ImageName, init: EnsureInit): Promise<ImageRecord | undefined> {
  const own = await init.records.read(name.name);
  if (own !== undefined && (await isSound(own, init))) return own;
  if (name.digest === undefined) return undefined;
  for (const { record } of await init.records.list()) {
    const same =
      record.repository === name.repository && [record.digest, record.manifestDigest].includes(name.digest);
    if (same && (await isSound(record, init))) return record;
  }
  return undefined;
}

async function isSound(record: ImageRecord, init: EnsureInit): Promise<boolean> {
  const path = await init.content.find(record.module.digest);
  if (path === undefined || (await sizeAt(path)) !== record.module.size) return false;
  return record.tree === undefined || (await init.content.findTree(record.tree)) !== undefined;
}

/** Asks the registry, and pulls what it has if that is not what is here. */
async function refresh(
  reference: string,
  name: ImageName,
  options: EnsureImageOptions & {
    readonly signal: AbortSignal;
    readonly onProgress: (progress: PullProgress) => void;
  },
  init: EnsureInit,
): Promise<{ record: ImageRecord; pulled: boolean; duration: number }> {
  const { clock, records } = init;
  const puller = await init.puller();
  const began = clock.now().getTime();
  const tookMs = (): number => Math.max(0, clock.now().getTime() - began);
  const salt = await init.salt();
  const present = await findPresent(name, init);
  if (present !== undefined) {
    const resolved = await puller.resolve(reference, options);
    if (resolved.digest === present.digest || resolved.digest === present.manifestDigest) {
      const access = withAccess(present.access, resolved.access, salt);
      const record: ImageRecord = { ...present, access };
      // Only what the registry has granted anew needs writing; a kill before it costs a question more.
      if (JSON.stringify(access) === JSON.stringify(present.access))
        await records.touch(record.name, clock.now());
      else await records.write(record);
      return { record, pulled: false, duration: tookMs() };
    }
  }
  const pulled = await puller.pull(reference, init.content, options);
  const named = { name: name.name, repository: name.repository, reference };
  const before = present?.digest === pulled.digest ? present.access : undefined;
  const record = buildRecord(pulled, named, withAccess(before, pulled.access, salt), clock.now());
  options.signal.throwIfAborted();
  await records.write(record);
  return { record, pulled: true, duration: tookMs() };
}
