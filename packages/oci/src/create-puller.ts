import type { ImagePuller, PullerOptions, PullProgress } from "@krustlet/interface";
import { matchCredentials } from "./match-credentials.ts";
import type { CredentialSource } from "./machine-credentials.ts";
import { pullImage } from "./pull-image.ts";
import type { PullSession } from "./pull-image.ts";
import { formatReference, parseReference } from "./reference.ts";
import type { Reference } from "./reference.ts";
import { createRegistryClient } from "./registry-client.ts";
import type { RegistryClientInit } from "./registry-client.ts";
import { DEFAULT_UNPACK_LIMITS } from "./unpack-limits.ts";
import type { UnpackLimits } from "./unpack-limits.ts";
import { withCredentials } from "./with-credentials.ts";

/** Options of {@link createPuller}. */
export interface PullerInit extends RegistryClientInit {
  /** The machine's own logins; see `createDockerCredentials`. Default: none. */
  readonly machineCredentials?: CredentialSource;
  readonly unpack?: Partial<UnpackLimits>;
  /** Largest image that is fetched, in bytes over all its blobs. Default 4 GiB. */
  readonly maxSize?: number;
}

/**
 * Pulls WebAssembly images from OCI registries. Making one costs nothing: the HTTP client is loaded by the first request.
 * Owns its connections until disposed of. Each of the caller's credentials that matches the image is tried, then those of
 * the machine; without any, the registry is asked anonymously.
 */
export function createPuller(init: PullerInit = {}): ImagePuller & AsyncDisposable {
  const client = createRegistryClient(init);
  const limits: UnpackLimits = { ...DEFAULT_UNPACK_LIMITS, ...init.unpack };

  async function run<T>(
    text: string,
    options: PullerOptions,
    use: (session: PullSession) => Promise<T>,
  ): Promise<T> {
    const reference = parseReference(text);
    const own = matchCredentials(reference, options.credentials ?? []);
    const machine = async () =>
      (await init.machineCredentials?.(reference, { signal: options.signal })) ?? [];
    return withCredentials(own, machine, (credential, access) =>
      use({
        reference,
        access,
        onRetry: (message) => options.onProgress?.(retrying(text, reference, message)),
        ...(credential === undefined ? {} : { credential }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }),
    );
  }

  return {
    nameOf(text) {
      const reference = parseReference(text);
      return {
        name: formatReference(reference),
        repository: `${reference.registry}/${reference.repository}`,
        ...(reference.digest === undefined ? {} : { digest: reference.digest }),
      };
    },
    resolve: (text, options = {}) =>
      run(text, options, async (session) => ({
        digest: await client.resolve(session),
        access: session.access,
      })),
    pull: (text, target, options = {}) =>
      run(text, options, (session) =>
        pullImage(session, {
          client,
          target,
          limits,
          reference: text,
          maxSize: init.maxSize ?? 4 * 2 ** 30,
          ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
        }),
      ),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

function retrying(text: string, reference: Reference, message: string): PullProgress {
  return {
    reference: text,
    digest: reference.digest ?? "",
    current: 0,
    total: 0,
    state: "retrying",
    message,
  };
}
