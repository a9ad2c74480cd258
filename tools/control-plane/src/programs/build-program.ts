import { spawn } from "node:child_process";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { ProgramBuild } from "./plan-builds.ts";

/** Builds a program and moves it into its place once it is whole. @throws Error, one sentence and what Go said. */
export async function buildProgram(
  build: ProgramBuild,
  environment: NodeJS.ProcessEnv,
  report: (line: string) => void,
): Promise<void> {
  const { program, version, file } = build;
  const begun = performance.now();
  report(`Building ${program} ${version} …`);
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    await go(build.args.toSpliced(1, 0, "-o", unfinished), build, environment);
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
  report(`Built ${program} in ${Math.round((performance.now() - begun) / 1000)} s.`);
}

async function go(
  args: readonly string[],
  build: ProgramBuild,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const child = spawn("go", args, {
    cwd: build.directory,
    // Without cgo the programs need no C compiler and no library of this machine.
    env: { ...environment, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=readonly -buildvcs=false" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = `${said}${text}`.slice(-4000)));
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) =>
      resolve("code" in error && error.code === "ENOENT" ? "Go is not installed" : error.message),
    );
    child.once("close", (code) => resolve(code === 0 ? undefined : `go build ended with ${code}`));
  });
  if (failure === undefined) return;
  throw new Error(
    `${build.program} ${build.version} cannot be built: ${failure}; it takes Go 1.26, or KUBEBUILDER_ASSETS names a directory that has the program.${said === "" ? "" : `\n${said.trimEnd()}`}`,
  );
}
