import { KrustletError } from "@krustlet/interface";
import { isDigest } from "./digest.ts";

/** An image reference with everything spelt out. Exactly one of `tag` and `digest` is there. */
export interface Reference {
  /** `docker.io`, or `host[:port]`. */
  readonly registry: string;
  /** Path below the registry, for example `library/hello`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const MAX_LENGTH = 1024;
const MAX_REPOSITORY = 255;
const HOST_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const HOST = new RegExp(`^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`);
const PATH_PART = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

function invalid(text: string, why: string): KrustletError {
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return new KrustletError("InvalidReference", `${JSON.stringify(shown)} is no image reference: ${why}`);
}

/**
 * Parses an image reference as the distribution project's grammar has it, with Docker Hub's short forms
 * (`hello` is `docker.io/library/hello:latest`). Where there are a tag and a digest, the digest wins.
 * @throws KrustletError `InvalidReference` with the reason.
 */
export function parseReference(text: string): Reference {
  if (text === "") throw invalid(text, "it is empty");
  if (text.length > MAX_LENGTH) throw invalid(text, `it is longer than ${MAX_LENGTH} characters`);
  const scheme = /^[a-zA-Z]+:\/\//.exec(text);
  if (scheme) throw invalid(text, `leave out ${scheme[0]}`);

  const at = text.indexOf("@");
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw invalid(text, "what follows @ is neither sha256:<64 hex digits> nor sha512:<128 hex digits>");
  }
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag))
    throw invalid(text, `the tag ${JSON.stringify(tag)} has characters that no tag may have`);

  const { registry, repository } = splitRegistry(text, hasTag ? named.slice(0, colon) : named);
  if (repository.length > MAX_REPOSITORY)
    throw invalid(text, `its repository's name is longer than ${MAX_REPOSITORY} characters`);
  return digest === undefined
    ? { registry, repository, tag: tag ?? "latest" }
    : { registry, repository, digest };
}

function splitRegistry(text: string, name: string): { registry: string; repository: string } {
  const slash = name.indexOf("/");
  const first = slash === -1 ? "" : name.slice(0, slash);
  const isHost = /[.:[]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  const registry = isHost ? first.toLowerCase() : "docker.io";
  const path = isHost ? name.slice(slash + 1) : name;
  if (isHost && (!HOST.test(registry) || Number(/:(\d+)$/.exec(registry)?.[1] ?? 0) > 65535)) {
    throw invalid(text, `${JSON.stringify(first)} is no registry host`);
  }
  for (const part of path.split("/")) {
    if (PATH_PART.test(part)) continue;
    if (part === "") throw invalid(text, "a part of its name is empty");
    const hint = part === part.toLowerCase() ? "" : "; repository names are lower case";
    throw invalid(text, `${JSON.stringify(part)} cannot be part of a repository name${hint}`);
  }
  if (/^[a-f0-9]{64}$/.test(text)) throw invalid(text, "64 hex digits are an image id, not a name");
  if (registry !== "docker.io" && registry !== "index.docker.io") return { registry, repository: path };
  return { registry: "docker.io", repository: path.includes("/") ? path : `library/${path}` };
}

/** The canonical text of a reference; parsing it gives the same reference again. */
export function formatReference(reference: Reference): string {
  const name = `${reference.registry}/${reference.repository}`;
  return reference.digest === undefined
    ? `${name}:${reference.tag ?? "latest"}`
    : `${name}@${reference.digest}`;
}

/** Host (and port) of the registry's API. Docker Hub's differs from its name. */
export function apiHostOf(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}
