import { createHash } from "node:crypto";
import { join } from "node:path";
import type { GoModule, ProgramName } from "./go-modules.ts";
import { requiredVersionOf } from "./go-modules.ts";

/** One program to be built. */
export interface ProgramBuild {
  readonly program: ProgramName;
  readonly version: string;
  /** The module's directory, which `go` runs in. */
  readonly directory: string;
  /** Where the finished program lies. */
  readonly file: string;
  /** `go build`'s arguments but for `-o <file>`. */
  readonly args: readonly string[];
}

/** A module and what its go.mod and go.sum say. */
export interface ReadGoModule {
  readonly module: GoModule;
  readonly directory: string;
  readonly goMod: string;
  readonly goSum: string;
}

/**
 * Pure: how the programs of a module are built, and where in `cache` each lies: a directory whose name is a hash of all
 * that goes into it, so that a newer checkout never finds an older one's programs.
 */
export function planBuilds(read: ReadGoModule, cache: string, platform: string): readonly ProgramBuild[] {
  const { module, directory, goMod, goSum } = read;
  const version = requiredVersionOf(goMod, module.requires);
  const variables = Object.entries(module.variablesOf(version)).map(([name, value]) => `-X ${name}=${value}`);
  const args = ["build", "-trimpath", "-ldflags", ["-s", "-w", ...variables].join(" ")];
  const key = createHash("sha256")
    .update(JSON.stringify([goMod, goSum, args, platform]))
    .digest("hex")
    .slice(0, 16);
  const kept = join(cache, "control-plane", `${module.name}-${version}-${key}`);
  return Object.entries(module.programs).map(([name, path]) => ({
    program: name as ProgramName,
    version,
    directory,
    file: join(kept, name),
    args: [...args, path],
  }));
}
