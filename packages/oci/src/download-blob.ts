import { KrustletError } from "@krustlet/interface";
import { openBlobFile } from "./blob-file.ts";
import type { BlobFile } from "./blob-file.ts";
import { dropBody, readBody } from "./read-body.ts";
import type { Descriptor } from "./manifest.ts";
import type { BadAnswer } from "./registry-error.ts";
import type { HttpResponse } from "./transport.ts";

/** What {@link downloadBlob} needs. */
export interface BlobDownload {
  readonly blob: Descriptor;
  /** File to fill; what it holds already is taken for the blob's beginning. */
  readonly path: string;
  /** The image, for errors. */
  readonly subject: string;
  readonly onBytes?: (current: number) => void;
  /** One request for the blob. */
  send(headers: Readonly<Record<string, string>>): Promise<HttpResponse>;
  errorOf(error: unknown): unknown;
  errorOfAnswer(answer: BadAnswer): KrustletError;
  /** Waits before the attempt after number `failed`, or throws `error`. */
  wait(failed: number, error: unknown): Promise<void>;
}

/** Attempts in all, however much each of them brings: a registry that drips must end too. */
const MAX_ATTEMPTS = 64;

/**
 * Fills the file with the blob and resolves when its bytes have the digest. A connection that breaks is resumed where it
 * broke (`Range`; 206 goes on, 200 starts again, 416 starts again). More bytes than promised are not taken.
 * @throws KrustletError `DigestMismatch` (the file is empty then), `NoSpace`, and what the requests throw.
 */
export async function downloadBlob(download: BlobDownload): Promise<void> {
  const { blob, subject } = download;
  await using file = await openBlobFile(download.path, blob.digest);
  const resumed = file.size > 0;
  if (file.size > blob.size) await file.restart();
  await fetchInto(file, download);
  // A beginning that another attempt left, perhaps another process, may alone be at fault.
  if (file.digest() !== blob.digest && resumed) {
    await file.restart();
    await fetchInto(file, download);
  }
  const actual = file.digest();
  if (actual === blob.digest) return;
  await file.restart();
  throw new KrustletError(
    "DigestMismatch",
    `${subject}: a blob should have digest ${blob.digest} but the registry's bytes have ${actual}`,
  );
}

async function fetchInto(file: BlobFile, download: BlobDownload): Promise<void> {
  const { blob, subject } = download;
  let fruitless = 0;
  for (let attempts = 1; file.size < blob.size; attempts += 1) {
    const before = file.size;
    try {
      const response = await download.send(before > 0 ? { range: `bytes=${before}-` } : {});
      await receive(file, response, download);
      if (file.size < blob.size) {
        const got = `${file.size} of ${blob.size} bytes`;
        throw unavailable(`${subject}: the registry ended blob ${blob.digest} after ${got}`);
      }
    } catch (error) {
      fruitless = file.size > before ? 1 : fruitless + 1;
      await download.wait(attempts >= MAX_ATTEMPTS ? Infinity : fruitless, download.errorOf(error));
    }
  }
}

async function receive(file: BlobFile, response: HttpResponse, download: BlobDownload): Promise<void> {
  const { blob, subject } = download;
  const have = file.size;
  if (have > 0 && (response.status === 416 || response.status === 200)) await file.restart();
  if (response.status === 416) {
    dropBody(response.body);
    throw unavailable(`${subject}: the registry has another length for blob ${blob.digest}`);
  }
  if (response.status === 206 && !continues(response.headers.get("content-range"), have, blob.size)) {
    dropBody(response.body);
    await file.restart();
    throw unavailable(`${subject}: the registry sent another part of blob ${blob.digest} than was asked for`);
  }
  if (response.status !== 200 && response.status !== 206) {
    const body = await readBody(response.body, 64 << 10, "the error").catch(() => Buffer.alloc(0));
    throw download.errorOfAnswer({ ...response, body: body.toString("utf8") });
  }
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    if (file.size + chunk.length > blob.size) {
      await file.restart();
      const promised = `the ${blob.size} bytes that its manifest names`;
      throw new KrustletError("DigestMismatch", `${subject}: blob ${blob.digest} is longer than ${promised}`);
    }
    await file.append(chunk);
    download.onBytes?.(file.size);
  }
}

const unavailable = (message: string): KrustletError =>
  new KrustletError("RegistryUnavailable", message, { retryable: true });

function continues(range: string | undefined, have: number, size: number): boolean {
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range?.trim() ?? "") ?? [];
  return from !== undefined && Number(from) === have && (total === "*" || Number(total) === size);
}
