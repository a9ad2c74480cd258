import { spawn } from "node:child_process";
import { KrustletError } from "@krustlet/interface";
import type { Cancellable, RegistryCredential } from "@krustlet/interface";

const MAX_OUTPUT = 1 << 20;
const TIMEOUT = 60_000;

/**
 * Asks `docker-credential-<helper>` for the login to `server`. Undefined when the helper knows none.
 * @throws KrustletError `CredentialHelper` when it is missing, fails, hangs for a minute, or answers nonsense.
 * @see https://github.com/docker/docker-credential-helpers
 */
export async function askCredentialHelper(
  helper: string,
  server: string,
  env: Readonly<Record<string, string | undefined>>,
  { signal }: Cancellable = {},
): Promise<RegistryCredential | undefined> {
  const program = `docker-credential-${helper}`;
  const fail = (why: string, cause?: unknown): KrustletError =>
    new KrustletError(
      "CredentialHelper",
      `${program}, the docker config's credential helper for ${server}, ${why}`,
      {
        cause,
      },
    );
  // The name becomes a program's: a slash in it would run a file of the config's choice.
  if (!/^[A-Za-z0-9_.-]+$/.test(helper)) throw fail("has a name that no helper may have");
  const { code, output } = await run(program, server, { env, fail, signal });
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw fail(`failed with exit code ${code}: ${output.trim().slice(0, 200)}`);
  }
  let answer: { readonly Username?: unknown; readonly Secret?: unknown } | null;
  try {
    answer = JSON.parse(output) as typeof answer;
  } catch {
    throw fail("answered no JSON");
  }
  const { Username: username, Secret: secret } = answer ?? {};
  if (typeof username !== "string" || typeof secret !== "string")
    throw fail("answered neither user nor secret");
  if (secret === "") return undefined;
  return username === "<token>"
    ? { registry: server, identityToken: secret }
    : { registry: server, username, password: secret };
}

interface RunInit extends Cancellable {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly fail: (why: string, cause?: unknown) => KrustletError;
}

function run(
  program: string,
  input: string,
  { env, fail, signal: abort }: RunInit,
): Promise<{ code: number | null; output: string }> {
  abort?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      env: { ...env },
      stdio: ["pipe", "pipe", "ignore"],
      timeout: TIMEOUT,
      killSignal: "SIGKILL",
      signal: abort,
    });
    let output = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => {
      output += text;
      if (output.length > MAX_OUTPUT) child.kill("SIGKILL");
    });
    child.stdin.on("error", () => {}); // A helper that does not read its input still answers.
    child.on("error", (cause) => {
      reject(abort?.aborted === true ? abort.reason : fail("cannot be started; is it installed?", cause));
    });
    // What it has started itself may hold the pipe open; of that nothing is waited for.
    child.on("exit", (_code, signal) => signal !== null && child.stdout.destroy());
    child.on("close", (code, signal) => {
      if (signal !== null) reject(fail(`was stopped by ${signal}`));
      else resolve({ code, output });
    });
    child.stdin.end(`${input}\n`);
  });
}
