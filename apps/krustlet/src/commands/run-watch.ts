import { stat } from "node:fs/promises";
import { resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";
import { manifestDirectory } from "@krustlet/kubelet";
import { Subject } from "rxjs";

import type { CommandContext } from "../command.ts";
import { composeInitOf, composeKubelet } from "../compose.ts";
import { ManifestObjects } from "../manifest-objects.ts";
import { parsePods } from "../load-manifest.ts";
import { withRunOptions } from "../pods-with-options.ts";
import { errorText } from "../report-error.ts";
import { reasonOf } from "../run-options.ts";
import type { RunOptions } from "../run-options.ts";
import { runPods } from "../run-pods.ts";
import { jsonOutput, prefixedOutput } from "../terminal/output.ts";
import { hasColors } from "../terminal/palette.ts";
import { pullPrinter, silentPullPrinter } from "../terminal/pull-progress.ts";

/** `krustlet run --watch DIR`: every manifest of a directory, and its changes, until the user stops it. */
export async function runWatch(
  context: CommandContext,
  directory: string,
  options: RunOptions,
): Promise<number> {
  const { host, verbose } = context;
  const path = resolve(host.cwd, directory);
  await demandDirectory(path, directory);
  withRunOptions([], options);
  const objects = new ManifestObjects();
  const objectsChanged$ = new Subject<void>();
  const warn = (message: string): void => void host.stderr.write(`krustlet: ${message}\n`);
  await using composed = composeKubelet({
    ...composeInitOf(context),
    objects,
    runtime: options.runtime,
    endsProcess: host.endsProcess,
    onWarning: warn,
  });
  const source$ = manifestDirectory({
    path,
    clock: composed.parts.clock,
    parse: async (content, file) => {
      const { manifest, pods } = await parsePods(content, { source: file, directory: path });
      return { ...manifest, pods: withRunOptions(pods, options) };
    },
    onManifest: (file, manifest) => {
      if (manifest === undefined) objects.delete(file);
      else objects.set(file, manifest);
      manifest?.warnings.forEach(warn);
      objectsChanged$.next();
    },
    onError: (error) => void host.stderr.write(errorText(error, verbose)),
  });
  const quiet = options.quiet || options.json;
  return await runPods({
    source$,
    follow: true,
    parts: composed.parts,
    host,
    output: options.json
      ? jsonOutput(host.stdout, () => new Date())
      : prefixedOutput(host, { withPod: true, colors: hasColors(host.stdout, host.env) }),
    pulls: quiet ? silentPullPrinter() : pullPrinter(host, () => performance.now()),
    objectsChanged$,
    json: options.json,
    verbose,
  });
}

async function demandDirectory(path: string, shown: string): Promise<void> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw new KrustletError("InvalidUsage", `--watch ${shown}: ${reasonOf(cause)}`, { cause });
  });
  if (!facts.isDirectory()) throw new KrustletError("InvalidUsage", `--watch ${shown}: it is no directory`);
}
