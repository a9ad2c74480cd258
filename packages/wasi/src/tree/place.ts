import { closeSync, openSync } from "node:fs";

import { ERRNO, fail } from "../errno.ts";
import { DIRECTORY_ON_THE_WAY } from "../kernel/open-flags.ts";
import type { HostDirectoryNode, NodeChildren, RootNode, VirtualDirectoryNode } from "../root-node.ts";

const NONE: NodeChildren = new Map<string, RootNode>();

/** A directory of the guest's tree: a directory of the host, or nodes, or nodes laid over a directory of the host. */
export class Place {
  readonly readOnly: boolean;
  readonly children: NodeChildren;
  /** What an inode number is made for, where there is no directory of the host. */
  readonly identity: object;
  readonly #path: string | undefined;
  #fd: number;
  #references = 1;

  private constructor(
    fd: number,
    path: string | undefined,
    readOnly: boolean,
    children: NodeChildren,
    identity: object,
  ) {
    this.#fd = fd;
    this.#path = path;
    this.readOnly = readOnly;
    this.children = children;
    this.identity = identity;
  }

  /** The root of a mount; the host's directory is opened when it is first needed. */
  static ofNode(node: HostDirectoryNode | VirtualDirectoryNode): Place {
    return node.kind === "directory"
      ? new Place(-1, undefined, true, node.children, node)
      : new Place(-1, node.path, node.readOnly, node.children ?? NONE, node);
  }

  /** A directory of the host that was opened beneath its mount; the place owns `fd`. */
  static ofDescriptor(
    fd: number,
    readOnly: boolean,
    children: NodeChildren = NONE,
    identity: object = {},
  ): Place {
    return new Place(fd, undefined, readOnly, children, identity);
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
