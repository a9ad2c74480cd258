import { createServer } from "node:net";

// Below what the kernel hands out to those who ask for any port, so that nobody gets one of them in between.
const FIRST = 16_000;
const LAST = 29_999;

/** Finds `count` ports of loopback that nobody listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const free = new Set<number>();
  for (let attempt = 0; free.size < count && attempt < 100 * count; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) free.add(port);
  }
  if (free.size < count) throw new Error(`Loopback has no ${count} free ports between ${FIRST} and ${LAST}.`);
  return [...free];
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
