import { expandVariables } from "@krustlet/environment";
import { KrustletError } from "@krustlet/interface";
import type { V1Pod } from "@kubernetes/client-node";

import { podText } from "./pod-text.ts";

/** One mount of a container, before anything on disk is looked at. */
export interface PlannedMount {
  /** Name of the volume. */
  readonly volume: string;
  /** Absolute guest path, without `.`, `..` and doubled slashes. */
  readonly target: string;
  /** Path beneath the volume, `subPathExpr` expanded; without `.` and `..`. Absent: the whole volume. */
  readonly subPath?: string;
  /** The `subPathExpr` that it came of: what is told of it, since a variable may hold a secret. */
  readonly expression?: string;
  readonly readOnly: boolean;
}

/**
 * The mounts of one container of `pod`, parents before children.
 * @param env - the container's environment, for `subPathExpr`
 * @throws KrustletError `InvalidField` (no such container, an unknown volume, a variable that is not there, two mounts
 * at one place), `PathEscape` (a `..` or an absolute `subPath`).
 */
export function planMounts(
  pod: V1Pod,
  containerName: string,
  env: Readonly<Record<string, string>>,
): readonly PlannedMount[] {
  const where = `${podText(pod)}, container "${containerName}"`;
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const container = containers.find(({ name }) => name === containerName);
  if (container === undefined)
    throw new KrustletError("InvalidField", `${where}: there is no such container`);
  const volumes = new Set(pod.spec?.volumes?.map(({ name }) => name));
  const targets = new Set<string>();
  const planned = (container.volumeMounts ?? []).map((mount): PlannedMount => {
    const place = `${where}, mount of "${mount.name}"`;
    if (!volumes.has(mount.name))
      throw new KrustletError("InvalidField", `${place}: the pod has no such volume`);
    const target = `/${componentsOf(mount.mountPath, `${place}: mountPath`).join("/")}`;
    if (targets.has(target)) {
      throw new KrustletError("InvalidField", `${place}: there is another mount at ${target}`);
    }
    targets.add(target);
    const expression = mount.subPath ? undefined : mount.subPathExpr;
    const text = mount.subPath || expanded(expression ?? "", env, place);
    const shown = expression ?? text;
    if (text.startsWith("/")) {
      throw new KrustletError("PathEscape", `${place}: subPath "${shown}" must be a relative path`);
    }
    const subPath = componentsOf(text, `${place}: subPath`, shown).join("/");
    const readOnly = mount.readOnly ?? false;
    const beneath = subPath === "" ? {} : { subPath, ...(expression === undefined ? {} : { expression }) };
    return { volume: mount.name, target, readOnly, ...beneath };
  });
  return planned.toSorted((a, b) => depthOf(a.target) - depthOf(b.target));
}

function expanded(text: string, env: Readonly<Record<string, string>>, place: string): string {
  return expandVariables(text, (name) => {
    // An empty one would make another path of it, and maybe that of the whole volume.
    if (Object.hasOwn(env, name) && env[name] !== "") return env[name];
    throw new KrustletError(
      "InvalidField",
      `${place}: subPathExpr names the variable "${name}", which is not there, or empty`,
    );
  });
}

function componentsOf(path: string, place: string, shown: string = path): readonly string[] {
  if (path.includes("\0")) throw new KrustletError("InvalidField", `${place} holds a null character`);
  const components = path.split("/").filter((component) => component !== "" && component !== ".");
  if (components.includes(".."))
    throw new KrustletError("PathEscape", `${place} "${shown}" may not contain ".."`);
  return components;
}

function depthOf(target: string): number {
  return target === "/" ? 0 : target.split("/").length;
}
