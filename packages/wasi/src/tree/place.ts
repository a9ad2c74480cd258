import { closeSync, openSync } from "node:fs";

import { ERRNO, fail } from "../errno.ts";
import { DIRECTORY_ON_THE_WAY } from "../kernel/open-flags.ts";
import type { HostDirectoryNode, NodeChildren, RootNode, VirtualDirectoryNode } from "../root-node.ts";

const NONE: NodeChildren = new Map<string, RootNode>();

interface PlaceInit {
  readonly fd?: number;
  readonly path?: string;
  readonly readOnly: boolean;
  readonly children: NodeChildren;
  readonly identity: object;
  readonly mount: object;
  readonly isRoot?: boolean;
}

/** A directory of the guest's tree: a directory of the host, or nodes, or nodes laid over a directory of the host. */
export class Place {
  readonly readOnly: boolean;
  readonly children: NodeChildren;
  /** What an inode number is made for, where there is no directory of the host. */
  readonly identity: object;
  /** Equal for places of one mount. Nothing is renamed or linked from one mount to another, as in a kernel. */
  readonly mount: object;
  /** It is the guest's `/`, where absolute links begin. */
  readonly isRoot: boolean;
  readonly #path: string | undefined;
  #fd: number;
  #references = 1;

  private constructor(init: PlaceInit) {
    this.#fd = init.fd ?? -1;
    this.#path = init.path;
    this.readOnly = init.readOnly;
    this.children = init.children;
    this.identity = init.identity;
    this.mount = init.mount;
    this.isRoot = init.isRoot ?? false;
  }

  /** The root of a mount; the host's directory is opened when it is first needed. */
  static ofNode(node: HostDirectoryNode | VirtualDirectoryNode, isRoot: boolean = false): Place {
    const common = { identity: node, mount: node, isRoot };
    return node.kind === "directory"
      ? new Place({ ...common, readOnly: true, children: node.children })
      : new Place({ ...common, path: node.path, readOnly: node.readOnly, children: node.children ?? NONE });
  }

  /** A directory of the host that was opened beneath its mount; the new place owns `fd`. */
  beneath(fd: number, over?: VirtualDirectoryNode): Place {
    const { readOnly, mount } = this;
    return new Place({ fd, readOnly, mount, children: over?.children ?? NONE, identity: over ?? mount });
  }

  /** The host's directory, or undefined where there are only nodes. */
  get host(): number | undefined {
    if (this.#fd < 0 && this.#path !== undefined) this.#fd = openSync(this.#path, DIRECTORY_ON_THE_WAY);
    return this.#fd < 0 ? undefined : this.#fd;
  }

  /** The host's directory, to change something in it. */
  writable(): number {
    const host = this.host;
    if (host === undefined || this.readOnly) return fail(ERRNO.ROFS);
    return host;
  }

  /** The same place for one more owner. */
  share(): Place {
    this.#references++;
    return this;
  }

  /** One owner less; the last one closes the host's directory. */
  [Symbol.dispose](): void {
    if (--this.#references > 0 || this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    closeSync(fd);
  }
}
