import { access, constants, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { buildProgram } from "./build-program.ts";
import { cacheDirectoryOf } from "./cache-directory.ts";
import { lockFile } from "./file-lock.ts";
import type { ProgramName } from "./go-modules.ts";
import { GO_MODULES } from "./go-modules.ts";
import type { ProgramBuild } from "./plan-builds.ts";
import { planBuilds } from "./plan-builds.ts";

/** `go/` of this package: one directory for each module. */
const GO_DIRECTORY = join(import.meta.dirname, "..", "..", "go");

/** Options of {@link findPrograms}. */
export interface FindProgramsOptions {
  /** Default: this process's. `KUBEBUILDER_ASSETS`, `KRUSTLET_CACHE` and `XDG_CACHE_HOME` count. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Told what is being built, a line at a time. Default: nobody. */
  readonly report?: (line: string) => void;
}

/**
 * Finds programs, and builds those that are not there yet: a control plane takes 13 minutes on two cores, once. What
 * lies in the directory that `KUBEBUILDER_ASSETS` names is taken from there. Several may ask at once, in processes of
 * their own; a build that was interrupted is taken up where it was.
 *
 * @throws Error, one sentence, where Go is missing or does not build it.
 */
export async function findPrograms<Name extends ProgramName>(
  names: readonly Name[],
  options: FindProgramsOptions = {},
): Promise<Readonly<Record<Name, string>>> {
  const environment = options.environment ?? process.env;
  const report = options.report ?? (() => undefined);
  const cache = cacheDirectoryOf(environment, homedir());
  const assets = environment["KUBEBUILDER_ASSETS"];
  const builds = await plannedBuilds(cache);
  const found: [Name, string][] = [];
  const missing: ProgramBuild[] = [];
  for (const name of names) {
    const given = assets === undefined || assets === "" ? undefined : join(assets, name);
    const build = builds.find(({ program }) => program === name);
    if (build === undefined) throw new Error(`No Go module builds ${name}.`);
    const file = given !== undefined && (await isProgram(given)) ? given : build.file;
    found.push([name, file]);
    if (file === build.file && !(await isProgram(file))) missing.push(build);
  }
  if (missing.length > 0) {
    const lock = join(cache, "control-plane", "lock");
    await using _lock = await lockFile(lock, () =>
      report("Another process builds the control plane; waiting for it."),
    );
    for (const build of missing) {
      // Whoever held the lock before may have built it.
      if (!(await isProgram(build.file))) await buildProgram(build, environment, report);
    }
  }
  return Object.fromEntries(found) as Record<Name, string>;
}

async function plannedBuilds(cache: string): Promise<readonly ProgramBuild[]> {
  const platform = `${process.platform}-${process.arch}`;
  const plans = GO_MODULES.map(async (module) => {
    const directory = join(GO_DIRECTORY, module.name);
    const [goMod, goSum] = await Promise.all([
      readFile(join(directory, "go.mod"), "utf8"),
      readFile(join(directory, "go.sum"), "utf8"),
    ]);
    return planBuilds({ module, directory, goMod, goSum }, cache, platform);
  });
  return (await Promise.all(plans)).flat();
}

async function isProgram(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
