import type { V1ClusterRoleBinding, V1Secret } from "@kubernetes/client-node";
import type { Cancellable } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";
import type { BootstrapToken } from "./bootstrap-objects.ts";
import { buildBootstrapBindings, buildBootstrapSecret, newBootstrapToken } from "./bootstrap-objects.ts";
import { messageOf } from "./call-within.ts";
import { apiStatusOf } from "./node-client.ts";

/** The part of the API server that making a token needs. Calls reject as those of `NodeClient` do. */
export interface BootstrapClient {
  createSecret(secret: V1Secret, options?: Cancellable): Promise<unknown>;
  createClusterRoleBinding(binding: V1ClusterRoleBinding, options?: Cancellable): Promise<unknown>;
  getClusterRoleBinding(name: string, options?: Cancellable): Promise<V1ClusterRoleBinding>;
}

/** What became of a binding that lets nodes join. */
export interface BootstrapBinding {
  readonly name: string;
  readonly role: string;
  readonly group: string;
  /** `present`: it was there already; `missing`: it could not be made, for `reason`. */
  readonly state: "created" | "present" | "missing";
  readonly reason?: string;
}

/** A token that was made. */
export interface CreatedToken {
  readonly token: BootstrapToken;
  readonly expires: Date;
  readonly bindings: readonly BootstrapBinding[];
}

/** For how long a token is good. */
const TOKEN_LIFE_MS = 3_600_000;

/**
 * Makes a bootstrap token that is good for an hour, and what it needs to let a node in, as far as whoever asks may: a
 * binding that cannot be made is told, since the cluster may have another one.
 *
 * @throws KrustletError `InvalidObject` where the token's Secret cannot be made, with the API server's words; the
 * signal's reason.
 */
export async function createBootstrapToken(
  client: BootstrapClient,
  now: Date,
  options: Cancellable = {},
): Promise<CreatedToken> {
  const token = newBootstrapToken();
  const expires = new Date(now.getTime() + TOKEN_LIFE_MS);
  try {
    await client.createSecret(buildBootstrapSecret(token, expires), options);
  } catch (error) {
    options.signal?.throwIfAborted();
    const sentence = `The bootstrap token cannot be made in namespace kube-system: ${messageOf(error)}`;
    throw new KrustletError("InvalidObject", sentence, { cause: error });
  }
  const bindings: BootstrapBinding[] = [];
  for (const binding of buildBootstrapBindings())
    bindings.push(await ensureBinding(client, binding, options));
  return { token, expires, bindings };
}

async function ensureBinding(
  client: BootstrapClient,
  binding: V1ClusterRoleBinding,
  options: Cancellable,
): Promise<BootstrapBinding> {
  const name = binding.metadata?.name ?? "";
  const group = binding.subjects?.[0]?.name ?? "";
  const role = binding.roleRef.name;
  const about = { name, role, group };
  try {
    await client.createClusterRoleBinding(binding, options);
    return { ...about, state: "created" };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (apiStatusOf(error) !== 409) return { ...about, state: "missing", reason: messageOf(error) };
  }
  try {
    const there = await client.getClusterRoleBinding(name, options);
    const same =
      there.roleRef.name === role && (there.subjects ?? []).some((subject) => subject.name === group);
    if (same) return { ...about, state: "present" };
    return { ...about, state: "missing", reason: "a ClusterRoleBinding of this name binds something else" };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { ...about, state: "missing", reason: messageOf(error) };
  }
}
