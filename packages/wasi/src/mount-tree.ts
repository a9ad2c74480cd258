import type { Mount } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";

import type { NodeChildren, RootNode } from "./root-node.ts";
import { splitPath } from "./tree/split-path.ts";

/** Options of {@link buildMountTree}. */
export interface MountTreeOptions {
  /** Host directory that is the guest's root where no mount is; by default the root holds only mounts. */
  readonly rootfs?: { readonly path: string; readonly readOnly: boolean };
  /** Whether there are `/dev` and `/run/krustlet/signals`. Default true; a mount at the same path replaces them. */
  readonly devices?: boolean;
}

const DEVICES: readonly (readonly [string, RootNode])[] = [
  ["/dev/null", { kind: "device", device: "null" }],
  ["/dev/zero", { kind: "device", device: "zero" }],
  ["/dev/random", { kind: "device", device: "random" }],
  ["/dev/urandom", { kind: "device", device: "random" }],
  ["/dev/stdin", { kind: "device", device: "stdin" }],
  ["/dev/stdout", { kind: "device", device: "stdout" }],
  ["/dev/stderr", { kind: "device", device: "stderr" }],
  ["/run/krustlet/signals", { kind: "signals" }],
];

interface Draft {
  node: RootNode | undefined;
  readonly children: Map<string, Draft>;
}

function place(root: Draft, path: string, node: RootNode): void {
  const { components } = splitPath(path);
  if (!path.startsWith("/") || components.includes("..") || path.includes("\0")) {
    throw new KrustletError("PathEscape", `the mount path ${JSON.stringify(path)} is no plain absolute path`);
  }
  let draft = root;
  for (const component of components) {
    let next = draft.children.get(component);
    if (next === undefined) {
      next = { node: undefined, children: new Map() };
      draft.children.set(component, next);
    }
    draft = next;
  }
  draft.node = node;
  // A later mount at the same path, or above, hides what was there.
  draft.children.clear();
}

function finished(draft: Draft): RootNode {
  if (draft.children.size === 0 && draft.node !== undefined) return draft.node;
  const children: NodeChildren = new Map([...draft.children].map(([name, child]) => [name, finished(child)]));
  if (draft.node?.kind === "host-directory") return { ...draft.node, children };
  return { kind: "directory", children };
}

/**
 * One tree from a container's mounts, in their order: a later mount lies over an earlier one. Pure; nothing is opened.
 * @throws KrustletError `PathEscape` for a target that is not absolute or holds `..`.
 */
export function buildMountTree(mounts: readonly Mount[], options: MountTreeOptions = {}): RootNode {
  const root: Draft = { node: undefined, children: new Map() };
  if (options.rootfs !== undefined) root.node = { kind: "host-directory", ...options.rootfs };
  const own = options.devices === false ? [] : DEVICES;
  const rootMounts = mounts.filter(({ target }) => splitPath(target).components.length === 0);
  const others = mounts.filter((mount) => !rootMounts.includes(mount));
  const nodeOf = ({ kind, source, readOnly }: Mount): RootNode =>
    kind === "directory"
      ? { kind: "host-directory", path: source, readOnly }
      : { kind: "host-file", path: source, readOnly };
  for (const mount of rootMounts) place(root, mount.target, nodeOf(mount));
  for (const [path, node] of own) place(root, path, node);
  for (const mount of others) place(root, mount.target, nodeOf(mount));
  return finished(root);
}
