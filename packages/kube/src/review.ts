import type { Cancellable } from "@krustlet/interface";
import type { Kube } from "./kube.ts";

/** Who somebody is, as the API server says. */
export interface ReviewedUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What somebody wants to do. */
export interface AccessAttributes {
  readonly user: ReviewedUser;
  /** `get`, `create`, `update`, `delete` … */
  readonly verb: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Of the object: the node's. */
  readonly name?: string;
}

/** Longer than any real one: not worth asking about. */
const MAX_TOKEN = 64 * 1024;

interface TokenAnswer {
  readonly status?: { readonly authenticated?: boolean; readonly user?: Partial<ReviewedUser> };
}

interface AccessAnswer {
  readonly status?: { readonly allowed?: boolean; readonly denied?: boolean };
}

/**
 * Whose token it is; undefined if nobody's. Rejects as `Kube.request` does. Nothing is remembered: that is for
 * whoever serves clients.
 */
export async function reviewToken(
  kube: Kube,
  token: string,
  options?: Cancellable,
): Promise<ReviewedUser | undefined> {
  if (token === "" || token.length > MAX_TOKEN) return undefined;
  const path = "/apis/authentication.k8s.io/v1/tokenreviews";
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } };
  const { status } = await kube.request<TokenAnswer>({ method: "POST", path, body }, options);
  const { username, uid, groups, extra } = status?.user ?? {};
  if (status?.authenticated !== true || username === undefined || username === "") return undefined;
  return {
    username,
    groups: groups ?? [],
    ...(uid !== undefined && { uid }),
    ...(extra !== undefined && { extra }),
  };
}

/** Whether somebody may do something. Rejects as `Kube.request` does; what is no clear yes is a no. */
export async function reviewAccess(
  kube: Kube,
  { user, ...resourceAttributes }: AccessAttributes,
  options?: Cancellable,
): Promise<boolean> {
  const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  const spec = {
    user: user.username,
    uid: user.uid,
    groups: user.groups,
    extra: user.extra,
    resourceAttributes,
  };
  const body = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec };
  const { status } = await kube.request<AccessAnswer>({ method: "POST", path, body }, options);
  return status?.allowed === true && status.denied !== true;
}
