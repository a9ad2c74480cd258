import { ERRNO, errnoOf, fail } from "../errno.ts";
import { FILETYPE } from "../filestat.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { DIRECTORY_ON_THE_WAY } from "../kernel/open-flags.ts";
import type { DeviceNode, HostFileNode, RootNode, SignalsNode } from "../root-node.ts";
import { Place } from "./place.ts";
import { splitPath } from "./split-path.ts";

// As Linux.
const MAX_LINKS = 40;
// Twice what the longest path has; links whose targets are as long must not keep the thread.
const MAX_STEPS = 4096;

/** A node that is no directory. */
export type LeafNode = HostFileNode | DeviceNode | SignalsNode;

/** Where a path leads: an entry of a directory, or the directory itself. Disposing gives the directory up. */
export interface Target extends Disposable {
  readonly place: Place;
  /** The entry; one component, and not followed any further. Absent: the path names `place` itself. */
  readonly name?: string;
  /** The node that lies at `name`, where one does. */
  readonly leaf?: LeafNode;
  /** The path says that it is a directory. */
  readonly directory: boolean;
}

function targetOf(place: Place, name: string | undefined, directory: boolean, leaf?: LeafNode): Target {
  return { place, name, leaf, directory, [Symbol.dispose]: () => place[Symbol.dispose]() };
}

function isLeaf(node: RootNode): node is LeafNode {
  return node.kind !== "directory" && node.kind !== "host-directory";
}

/** The place of a node that lies in another place; where it only leads to mounts, the host's directory shows through. */
function placeOfChild(kernel: Kernel, place: Place, name: string, node: RootNode): Place {
  if (node.kind === "host-directory") return Place.ofNode(node);
  if (node.kind !== "directory") return fail(ERRNO.NOTDIR);
  const host = place.host;
  if (host === undefined) return Place.ofNode(node);
  try {
    const fd = kernel.openAt(host, name, DIRECTORY_ON_THE_WAY, 0);
    return place.beneath(fd, node);
  } catch {
    return Place.ofNode(node);
  }
}

/** Whether `..` in `components` ever leads above where they start. */
function climbs(components: readonly string[]): boolean {
  let depth = 0;
  return components.some((component) => (component === ".." ? --depth : ++depth) < 0);
}

/** What `open` opens; undefined where the kernel says that the path leads out of the directory it was to stay in. */
export function unlessItLeaves<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (errnoOf(error) === ERRNO.NOTCAPABLE) return undefined;
    throw error;
  }
}

/** One walk along a path: the places passed so far, so that `..` leads back, and the components still to go. */
export class Walk implements Disposable {
  readonly #kernel: Kernel;
  readonly #places: Place[];
  #rest: string[];
  #directory: boolean;
  #links = 0;
  #steps = 0;
  // A link leads out of what the kernel can resolve at once; it may still be within the guest's tree.
  #stepwise = false;

  constructor(kernel: Kernel, start: Place, path: string) {
    if (path.startsWith("/")) fail(ERRNO.NOTCAPABLE);
    const { components, directory } = splitPath(path);
    this.#kernel = kernel;
    this.#places = [start.share()];
    this.#rest = components.toReversed();
    this.#directory = directory;
  }

  to(follow: boolean): Target {
    for (;;) {
      const shortcut = follow ? undefined : this.#shortcut();
      if (shortcut !== undefined) return shortcut;
      const name = this.#rest.pop();
      if (++this.#steps > MAX_STEPS) fail(ERRNO.LOOP);
      if (name === undefined) return targetOf(this.#here().share(), undefined, true);
      if (name === "..") {
        this.#up();
        continue;
      }
      const place = this.#here();
      const node = place.children.get(name);
      const last = this.#rest.length === 0;
      if (node !== undefined) {
        if (!isLeaf(node)) this.#places.push(placeOfChild(this.#kernel, place, name, node));
        else if (last) return targetOf(place.share(), name, this.#directory, node);
        else fail(ERRNO.NOTDIR);
        continue;
      }
      if (last && !(follow && this.#followed(place, name)))
        return targetOf(place.share(), name, this.#directory);
      if (!last) this.#enter(place, name);
    }
  }

  [Symbol.dispose](): void {
    for (const place of this.#places) place[Symbol.dispose]();
  }

  /** Where the kernel alone can do the rest, because nothing lies over the host's directories from there on. */
  kernelWay(): { readonly place: Place; readonly host: number; readonly path: string } | undefined {
    if (this.#kernel.openBeneath === undefined || this.#stepwise) return undefined;
    for (;;) {
      const place = this.#here();
      const next = this.#rest.at(-1);
      if (next === undefined) return undefined;
      const node = place.children.get(next);
      if (node !== undefined && !isLeaf(node)) {
        this.#rest.pop();
        this.#places.push(placeOfChild(this.#kernel, place, next, node));
      } else if (next === ".." && this.#places.length > 1) {
        this.#rest.pop();
        this.#up();
      } else {
        if (place.children.size > 0 || place.host === undefined) return undefined;
        const components = this.#rest.toReversed();
        if (this.#places.length > 1 && climbs(components)) return undefined;
        return { place, host: place.host, path: components.join("/") + (this.#directory ? "/" : "") };
      }
    }
  }

  /** Goes one component at a time from here on. */
  stepwise(): void {
    this.#stepwise = true;
  }

  #shortcut(): Target | undefined {
    const open = this.#kernel.openBeneath;
    const way = this.kernelWay();
    if (way === undefined || open === undefined) return undefined;
    const components = this.#rest.toReversed();
    const name = components.at(-1) === ".." ? undefined : components.pop();
    if (components.length === 0) return targetOf(way.place.share(), name, this.#directory);
    const fd = unlessItLeaves(() => open(way.host, components.join("/"), DIRECTORY_ON_THE_WAY, 0));
    if (fd === undefined) {
      this.stepwise();
      return undefined;
    }
    return targetOf(way.place.beneath(fd), name, this.#directory);
  }

  #here(): Place {
    return this.#places.at(-1) ?? fail(ERRNO.NOTCAPABLE);
  }

  #up(): void {
    if (this.#places.length === 1) fail(ERRNO.NOTCAPABLE);
    this.#places.pop()?.[Symbol.dispose]();
  }

  #toRoot(): void {
    if (this.#places[0]?.isRoot !== true) fail(ERRNO.NOTCAPABLE);
    while (this.#places.length > 1) this.#up();
  }

  #enter(place: Place, name: string): void {
    const host = place.host ?? fail(ERRNO.NOENT);
    try {
      const fd = this.#kernel.openAt(host, name, DIRECTORY_ON_THE_WAY, 0);
      this.#places.push(place.beneath(fd));
    } catch (error) {
      const errno = errnoOf(error);
      if ((errno !== ERRNO.NOTDIR && errno !== ERRNO.LOOP) || !this.#followed(place, name)) throw error;
    }
  }

  /** Puts a symbolic link's target in its place; false if `name` is no link. */
  #followed(place: Place, name: string): boolean {
    const host = place.host;
    if (host === undefined) return false;
    let target: string;
    try {
      if (this.#kernel.statAt(host, name).filetype !== FILETYPE.SYMBOLIC_LINK) return false;
      target = this.#kernel.readlinkAt(host, name);
    } catch {
      return false;
    }
    if (++this.#links > MAX_LINKS) fail(ERRNO.LOOP);
    if (target.startsWith("/")) this.#toRoot();
    const { components, directory } = splitPath(target);
    if (this.#rest.length === 0) this.#directory ||= directory;
    this.#rest.push(...components.toReversed());
    return true;
  }
}

/**
 * Where `path` leads from `start`, never above it. Every step is one component under a descriptor that is held open,
 * or a whole way that the kernel resolves beneath one, so nobody who swaps links meanwhile can lead it astray.
 * `follow`: the last component too, if it is a symbolic link; what is returned may still have become one since.
 */
export function walk(kernel: Kernel, start: Place, path: string, follow: boolean): Target {
  using walking = new Walk(kernel, start, path);
  return walking.to(follow);
}
