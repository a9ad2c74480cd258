import { isAbsolute, normalize } from "node:path/posix";

import { KrustletError } from "@krustlet/interface";

import type { AllocateAnswer } from "./messages.ts";
import { shown } from "./shown.ts";

/** A directory or file of this machine that a container sees with its devices. */
export interface DeviceMount {
  /** Absolute. */
  readonly hostPath: string;
  /** Absolute, and not the root. */
  readonly containerPath: string;
  readonly readOnly: boolean;
}

/** What a container gets with its devices, of all plugins together. */
export interface Grant {
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly DeviceMount[];
  /** What plugins give that no WebAssembly can have, a sentence each. */
  readonly withheld: readonly string[];
}

/** The answer of the plugin of one resource. */
export interface ResourceAnswer {
  readonly resource: string;
  readonly answer: AllocateAnswer;
}

const MOST_ENTRIES = 1000;

/**
 * Pure: what several plugins give to one container. What two of them give alike is given once.
 * @throws KrustletError `InvalidObject` where an answer cannot be used: not one response, a variable's name or a path
 * that is none, more than 1,000 of either; where two plugins give different values to one variable, or different mounts at one path.
 */
export function mergeAnswers(answers: readonly ResourceAnswer[], what: string): Grant {
  const env = new Map<string, { readonly value: string; readonly from: string }>();
  const mounts = new Map<string, DeviceMount & { readonly from: string }>();
  const withheld: string[] = [];
  for (const { resource, answer } of answers) {
    const [response] = answer.container_responses;
    const responses = answer.container_responses.length;
    if (response === undefined || responses !== 1) {
      throw refused(resource, what, `gives ${responses} responses for one container`);
    }
    const variables = Object.entries(response.envs);
    if (variables.length > MOST_ENTRIES || response.mounts.length > MOST_ENTRIES) {
      throw refused(resource, what, `gives more than ${MOST_ENTRIES} variables or mounts`);
    }
    for (const [name, value] of variables) {
      if (name === "" || /[=\0]/u.test(name) || value.includes("\0")) {
        throw refused(resource, what, `gives ${shown(name)}, which is no variable`);
      }
      const other = env.get(name);
      if (other !== undefined && other.value !== value) {
        throw refused(resource, what, `gives ${name} another value than the one of ${other.from}`);
      }
      env.set(name, { value, from: resource });
    }
    for (const mount of response.mounts) {
      const hostPath = pathOf(mount.host_path);
      const containerPath = pathOf(mount.container_path);
      if (hostPath === undefined || containerPath === undefined || containerPath === "/") {
        const paths = `${shown(mount.host_path)} at ${shown(mount.container_path)}`;
        throw refused(resource, what, `mounts ${paths}; both must be absolute, and the second not /`);
      }
      const readOnly = mount.read_only;
      const other = mounts.get(containerPath);
      if (other !== undefined && (other.hostPath !== hostPath || other.readOnly !== readOnly)) {
        throw refused(resource, what, `mounts something else at ${containerPath} than ${other.from}`);
      }
      mounts.set(containerPath, { hostPath, containerPath, readOnly, from: resource });
    }
    withheld.push(...withheldOf(resource, what, response.devices, response.cdi_devices));
  }
  return {
    env: Object.fromEntries([...env].map(([name, { value }]) => [name, value])),
    mounts: [...mounts.values()].map(({ hostPath, containerPath, readOnly }) => ({
      hostPath,
      containerPath,
      readOnly,
    })),
    withheld,
  };
}

function withheldOf(
  resource: string,
  what: string,
  devices: readonly { readonly host_path: string }[],
  cdi: readonly { readonly name: string }[],
): readonly string[] {
  const named = [...devices.map(({ host_path: path }) => path), ...cdi.map(({ name }) => name)];
  if (named.length === 0) return [];
  const few = named.slice(0, 3).map(shown).join(", ");
  const more = named.length > 3 ? ` and ${named.length - 3} more` : "";
  return [`${what} does not get ${few}${more} of ${resource}: WebAssembly has no device nodes.`];
}

function pathOf(text: string): string | undefined {
  if (!isAbsolute(text) || text.includes("\0") || text.split("/").includes("..")) return undefined;
  return normalize(text).replace(/(?<=.)\/+$/u, "");
}

function refused(resource: string, what: string, why: string): KrustletError {
  return new KrustletError("InvalidObject", `${what}: the device plugin of ${resource} ${why}.`);
}
