import { spawn } from "node:child_process";

/** Options of a call of kubectl. */
export interface KubectlOptions {
  /** What it reads, for `-f -`. Default: nothing. */
  readonly stdin?: string;
  /** Whose kubeconfig; a path. Default: the administrator's. */
  readonly kubeconfig?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** How kubectl ended. */
export interface KubectlResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl with a kubeconfig to its end, and with nothing of the user's own configuration. */
export async function runKubectl(
  program: string,
  directory: string,
  args: readonly string[],
  options: KubectlOptions & { readonly kubeconfig: string },
): Promise<KubectlResult> {
  const child = spawn(program, [...args], {
    // Its cache of what the API server can do stays in the cluster's directory.
    env: { PATH: process.env["PATH"], HOME: directory, KUBECONFIG: options.kubeconfig },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // A kubectl that ends before it has read its input says so itself.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin ?? "");
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
