import { lookup } from "node:dns/promises";

// The resolver blocks a thread of node's pool of four, which reading and writing files needs as well.
const AT_ONCE = 2;
const queue: (() => void)[] = [];
let running = 0;

/** The addresses of `name` by the host's resolver, those of IPv4 first; rejects with the resolver's error. */
export async function hostLookup(name: string): Promise<readonly string[]> {
  if (running < AT_ONCE) running++;
  else await new Promise<void>((resolve) => queue.push(resolve));
  try {
    const found = await lookup(name, { all: true, order: "ipv4first" });
    return found.map(({ address }) => address);
  } finally {
    const next = queue.shift();
    if (next === undefined) running--;
    else next();
  }
}
