import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Waits until this process alone holds the lock `file`; disposing lets go of it. The kernel lets go of it when this
 * process dies, however that happens: `flock` (util-linux) holds it for as long as its input is open.
 */
export async function lockFile(file: string, onWait: () => void): Promise<AsyncDisposable> {
  await mkdir(dirname(file), { recursive: true });
  const child = spawn("flock", ["--exclusive", file, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code) => resolve(`it ended with ${code}`));
  });
  const waiting = setTimeout(onWait, 200);
  const failure = await Promise.race([once(child.stdout, "data").then(() => undefined), ended]);
  clearTimeout(waiting);
  if (failure !== undefined) throw new Error(`flock cannot lock ${file}: ${failure}.`);
  return {
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
