import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { KrustletError } from "@krustlet/interface";
import type { LayerCompression } from "./media-types.ts";
import { unpackLayer } from "./unpack-layer.ts";
import type { UnpackLayerOptions } from "./unpack-layer.ts";

/** A layer's file and how it is packed. */
export interface LayerFile {
  readonly path: string;
  readonly compression: LayerCompression;
  /** Digest of the unpacked stream, where the image's config names it. */
  readonly diffId?: string;
}

/**
 * Unpacks a layer's file onto a tree. What comes out of the decompressor is counted before it is looked at, so a bomb
 * ends at the limit and not at the end of memory or disk.
 * @throws KrustletError as {@link unpackLayer}, and `DigestMismatch` when the stream is not the config's.
 */
export async function unpackLayerFile(layer: LayerFile, options: UnpackLayerOptions): Promise<void> {
  const source = createReadStream(layer.path, { highWaterMark: 1 << 18 });
  const stream = decompress(source, layer.compression);
  source.on("error", (error) => stream.destroy(error));
  const hash = createHash(layer.diffId?.startsWith("sha512:") === true ? "sha512" : "sha256");
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        options.signal?.throwIfAborted();
        options.budget.spendBytes(chunk.length);
        hash.update(chunk);
        yield chunk;
      }
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
      if (options.signal?.aborted === true || !/^(?:Z_|ZSTD_|ERR_)/.test(code)) throw cause;
      const what = `${options.subject}: a layer is no intact ${layer.compression} stream`;
      throw new KrustletError("RegistryProtocol", what, { cause });
    }
  }
  try {
    await unpackLayer(counted(), options);
  } finally {
    source.destroy();
    stream.destroy();
  }
  if (layer.diffId === undefined) return;
  const actual = hash.digest("hex");
  if (layer.diffId.endsWith(`:${actual}`)) return;
  throw new KrustletError(
    "DigestMismatch",
    `${options.subject}: a layer does not unpack to what the image's config names (${layer.diffId})`,
  );
}

function decompress(source: Readable, compression: LayerCompression): Readable {
  switch (compression) {
    case "none":
      return source;
    case "gzip":
      return source.pipe(createGunzip());
    case "zstd":
      return source.pipe(createZstdDecompress());
  }
}
