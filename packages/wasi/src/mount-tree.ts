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

function emptyDraft(): Draft {
  return { node: undefined, children: new Map() };
}

function place(root: Draft, path: string, node: RootNode): Draft {
  const { components } = splitPath(path);
  if (!path.startsWith("/") || components.includes("..") || path.includes("\0")) {
    throw new KrustletError("PathEscape", `the mount path ${JSON.stringify(path)} is no plain absolute path`);
  }
  let draft = root;
  for (const component of components) {
    let next = draft.children.get(component);
    if (next === undefined) {
      next = emptyDraft();
      draft.children.set(component, next);
    }
    draft = next;
  }
  draft.node = node;
  // A later mount at the same path, or above, hides what was there.
  draft.children.clear();
  return root;
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
  const root = emptyDraft();
  if (options.rootfs !== undefined) root.node = { kind: "host-directory", ...options.rootfs };
  const rootMounts = mounts.filter(({ target }) => splitPath(target).components.length === 0);
  const others = mounts.filter((mount) => !rootMounts.includes(mount));
  const nodeOf = ({ kind, source, readOnly }: Mount): RootNode =>
    kind === "directory"
      ? { kind: "host-directory", path: source, readOnly }
      : { kind: "host-file", path: source, readOnly };
  for (const mount of rootMounts) place(root, mount.target, nodeOf(mount));
  if (options.devices !== false) placeDevices(root, new Set(others.map(({ target }) => firstOf(target))));
  for (const mount of others) place(root, mount.target, nodeOf(mount));
  return finished(root);
}

/** The directories of the host's own nodes, by name: the same ones in all trees where no mount lies in them. */
const DEVICE_DIRECTORIES: NodeChildren = childrenOf(
  finished(DEVICES.reduce((root, [path, node]) => place(root, path, node), emptyDraft())),
);

function placeDevices(root: Draft, changed: ReadonlySet<string | undefined>): void {
  for (const [name, directory] of DEVICE_DIRECTORIES) {
    if (!changed.has(name)) place(root, `/${name}`, directory);
  }
  for (const [path, node] of DEVICES) if (changed.has(firstOf(path))) place(root, path, node);
}

function firstOf(path: string): string | undefined {
  return splitPath(path).components[0];
}

function childrenOf(node: RootNode): NodeChildren {
  return (
    (node.kind === "directory" || node.kind === "host-directory" ? node.children : undefined) ?? new Map()
  );
}
