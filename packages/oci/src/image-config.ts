import { KrustletError } from "@krustlet/interface";
import type { ImageConfig } from "@krustlet/interface";
import { isDigest } from "./digest.ts";

/** What of an image's config matters here. https://github.com/opencontainers/image-spec/blob/main/config.md */
export interface ParsedImageConfig {
  readonly os: string;
  readonly architecture: string;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly config: ImageConfig;
  readonly diffIds: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const recordOf = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Parses an OCI or Docker image config. @throws KrustletError `RegistryProtocol` when a field has the wrong type. */
export function parseImageConfig(text: string, subject: string): ParsedImageConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new KrustletError("RegistryProtocol", `${subject}: the image's config is no JSON`, { cause });
  }
  const root = recordOf(json);
  const run = recordOf(root["config"]);
  const list = (field: string): readonly string[] | undefined => {
    const value = run[field];
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === "string" && !item.includes("\0")))
      return value;
    throw new KrustletError(
      "RegistryProtocol",
      `${subject}: the image config's ${field} is no list of texts`,
    );
  };
  const entrypoint = list("Entrypoint");
  const command = list("Cmd");
  const env = list("Env");
  const workingDir = run["WorkingDir"];
  const diffIds = recordOf(root["rootfs"])["diff_ids"];
  return {
    os: textOf(root["os"]).toLowerCase(),
    architecture: textOf(root["architecture"]).toLowerCase(),
    labels: recordOf(run["Labels"]),
    config: {
      ...(entrypoint === undefined ? {} : { entrypoint }),
      ...(command === undefined ? {} : { command }),
      ...(env === undefined ? {} : { env }),
      ...(typeof workingDir === "string" && workingDir !== "" ? { workingDir } : {}),
    },
    diffIds: Array.isArray(diffIds)
      ? diffIds.filter((id): id is string => typeof id === "string" && isDigest(id))
      : [],
  };
}
