import { createHash } from "node:crypto";
import { mkdir, open, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { KrustletError } from "@krustlet/interface";
import type { ImagePuller, PullAccess, PullerOptions, RegistryCredential } from "@krustlet/interface";

/** An image on the shelf. */
export interface ShelfImage {
  readonly module: Buffer;
  /** Passwords that may have it; everybody may when there are none. */
  readonly passwords?: readonly string[];
  /** Files of its tree. */
  readonly files?: Readonly<Record<string, string>>;
}

export const digestOf = (bytes: string | Buffer): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A module that no other name has. */
export const moduleOf = (name: string, size = 0): Buffer =>
  Buffer.concat([Buffer.from("0061736d01000000", "hex"), Buffer.from(name), Buffer.alloc(size, name)]);

/** A registry that is a map, behind the same contract as the real one; it counts what it is asked. */
export class ShelfPuller implements ImagePuller {
  readonly images = new Map<string, ShelfImage>();
  readonly calls: string[] = [];
  /** Bytes that were written in all. */
  written = 0;
  /** What happens between two pieces of a blob. */
  pause: (signal?: AbortSignal) => Promise<void> = async () => {
    await turn();
  };
  /** Fails every pull half-way. */
  failure: Error | undefined;

  nameOf(reference: string) {
    if (reference.includes(" "))
      throw new KrustletError("InvalidReference", `${reference} is no image reference`);
    const [named = "", digest] = reference.split("@");
    const repository = `shelf/${named.split(":")[0]}`;
    if (digest !== undefined) return { name: `${repository}@${digest}`, repository, digest };
    return { name: `${repository}:${named.split(":")[1] ?? "latest"}`, repository };
  }

  async resolve(reference: string, options: PullerOptions = {}) {
    this.calls.push(`resolve ${reference}`);
    await turn();
    const { image, access } = this.#find(reference, options);
    return { digest: manifestDigestOf(image), access };
  }

  async pull(reference: string, target: Parameters<ImagePuller["pull"]>[1], options: PullerOptions = {}) {
    this.calls.push(`pull ${reference}`);
    await turn();
    const { image, access } = this.#find(reference, options);
    const digest = manifestDigestOf(image);
    const module = digestOf(image.module);
    const tell = (current: number): void =>
      options.onProgress?.({
        reference,
        digest: module,
        current,
        total: image.module.length,
        state: "downloading",
      });
    const path =
      (await target.find(module)) ??
      (await target.add(module, (partial) => this.#download(image.module, partial, tell, options.signal)));
    const { files } = image;
    const tree = files === undefined ? undefined : digest.replace(":", "-");
    if (files !== undefined && tree !== undefined) {
      await target.addTree(tree, async (directory) => {
        await mkdir(join(directory, "sub"));
        for (const [name, text] of Object.entries(files)) {
          await this.pause(options.signal);
          await writeFile(join(directory, name), text);
        }
      });
    }
    return {
      digest,
      manifestDigest: digest,
      access,
      kind: "module" as const,
      module: { digest: module, path, size: image.module.length },
      config: {},
      size: image.module.length,
      blobs: [module],
      ...(tree === undefined ? {} : { tree }),
    };
  }

  #find(reference: string, options: PullerOptions): { image: ShelfImage; access: PullAccess } {
    const { name, repository, digest } = this.nameOf(reference);
    const image =
      digest === undefined
        ? this.images.get(name)
        : [...this.images].find(
            ([key, value]) => key.startsWith(repository) && manifestDigestOf(value) === digest,
          )?.[1];
    if (image === undefined) throw new KrustletError("ImageNotFound", `${reference}: there is no such image`);
    if (image.passwords === undefined) return { image, access: { by: "machine" } };
    const credential = options.credentials?.find(({ password = "" }) => image.passwords?.includes(password));
    if (credential === undefined) throw new KrustletError("RegistryUnauthorized", `${reference}: log in`);
    return { image, access: { by: "credential", credential } };
  }

  async #download(
    bytes: Buffer,
    partial: string,
    tell: (at: number) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const file = await open(partial, "a");
    try {
      const have = (await stat(partial)).size;
      const step = Math.max(1, Math.ceil(bytes.length / 8));
      for (let at = have; at < bytes.length; at += step) {
        signal?.throwIfAborted();
        await file.appendFile(bytes.subarray(at, at + step));
        this.written += Math.min(step, bytes.length - at);
        tell(Math.min(at + step, bytes.length));
        await this.pause(signal);
        if (this.failure !== undefined && at >= bytes.length / 2) throw this.failure;
      }
    } finally {
      await file.close();
    }
  }
}

export function manifestDigestOf(image: ShelfImage): string {
  return digestOf(`${digestOf(image.module)} ${JSON.stringify(image.files ?? {})}`);
}

export const credentialOf = (password: string): RegistryCredential => ({
  registry: "shelf",
  username: "u",
  password,
});
