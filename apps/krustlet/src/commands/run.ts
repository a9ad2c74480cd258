import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";

import { KrustletError } from "@krustlet/interface";
import { moduleNameOf } from "@krustlet/kubelet";
import type { PodChange } from "@krustlet/kubelet";
import type { V1Pod } from "@kubernetes/client-node";
import { from } from "rxjs";

import type { CommandContext } from "../command.ts";
import { composeInitOf, composeKubelet } from "../compose.ts";
import { ManifestObjects } from "../manifest-objects.ts";
import { podOfModule } from "../pod-of-module.ts";
import type { ModulePodInit } from "../pod-of-module.ts";
import { readRunOptions, reasonOf } from "../run-options.ts";
import type { RunOptions } from "../run-options.ts";
import { runPods } from "../run-pods.ts";
import { stdinFor } from "../stdin-for.ts";
import { runTargetOf } from "../run-target.ts";
import type { RunTarget } from "../run-target.ts";
import { jsonOutput, prefixedOutput, rawOutput } from "../terminal/output.ts";
import type { OutputPrinter } from "../terminal/output.ts";
import { hasColors } from "../terminal/palette.ts";
import { pullPrinter, silentPullPrinter } from "../terminal/pull-progress.ts";

/** `krustlet run <manifest | - | module | image>` */
export async function run(context: CommandContext): Promise<number> {
  const { host, line, verbose } = context;
  const options = await readRunOptions(context);
  const [what, extra] = line.positionals;
  if (extra !== undefined) {
    throw new KrustletError("InvalidUsage", `"${extra}": arguments for the guest come after --`);
  }
  const directory = line.text("watch");
  if (directory !== undefined) {
    if (what !== undefined)
      throw new KrustletError("InvalidUsage", `--watch stands for "${what}"; give one of them`);
    const { runWatch } = await import("./run-watch.ts");
    return runWatch(context, directory, options);
  }
  if (what === undefined) {
    throw new KrustletError("InvalidUsage", "krustlet run needs a manifest, a .wasm file or an image");
  }
  const objects = new ManifestObjects();
  const target = runTargetOf(what, host.cwd);
  await using composed = composeKubelet({
    ...composeInitOf(context),
    objects,
    runtime: options.runtime,
    endsProcess: host.endsProcess,
    onWarning: (message) => void host.stderr.write(`krustlet: ${message}\n`),
  });
  const pods =
    target.kind === "manifest"
      ? await podsOfManifest(context, { path: target.path, shown: what, objects, options })
      : [await podOf(target, options, host.cwd)];
  if (pods.length === 0)
    throw new KrustletError("InvalidManifest", `${what} holds no Pod and nothing that makes Pods`);
  const quiet = options.quiet || options.json;
  return await runPods({
    source$: from(pods.map((pod): PodChange => ({ type: "added", pod }))),
    follow: false,
    parts: composed.parts,
    host,
    stdinOf: stdinFor(pods, host.stdin),
    output: outputFor(context, pods, options),
    pulls: quiet ? silentPullPrinter() : pullPrinter(host, () => performance.now()),
    json: options.json,
    verbose,
  });
}

async function podsOfManifest(
  { host }: CommandContext,
  what: {
    readonly path: string;
    readonly shown: string;
    readonly objects: ManifestObjects;
    readonly options: RunOptions;
  },
): Promise<readonly V1Pod[]> {
  const { loadManifest } = await import("../load-manifest.ts");
  const { withRunOptions, withUid } = await import("../pods-with-options.ts");
  const { manifest, pods } = await loadManifest(what.path, what.shown, host);
  for (const warning of manifest.warnings) await host.stderr.write(`krustlet: ${warning}\n`);
  what.objects.set(what.path, manifest);
  return withRunOptions(pods, what.options).map((pod) => withUid(pod, randomUUID()));
}

async function podOf(
  target: Exclude<RunTarget, { readonly kind: "manifest" }>,
  options: RunOptions,
  cwd: string,
): Promise<V1Pod> {
  const image = target.kind === "module" ? target.path : target.reference;
  const module = target.kind === "module" ? basename(target.path) : moduleNameOf(target.reference);
  const sources: ModulePodInit["sources"][number][] = [];
  for (const { host } of options.volumes) sources.push(await volumeSource(host, cwd));
  return podOfModule({ image, module, uid: randomUUID(), options, sources });
}

async function volumeSource(host: string, cwd: string): Promise<ModulePodInit["sources"][number]> {
  const path = resolve(cwd, host);
  const found = await stat(path).catch((cause: unknown) => {
    throw new KrustletError("InvalidUsage", `-v ${host}: ${reasonOf(cause)}`, { cause });
  });
  if (!found.isDirectory() && !found.isFile())
    throw new KrustletError("InvalidUsage", `-v ${host}: it is neither a file nor a directory`);
  return { path, isDirectory: found.isDirectory() };
}

function outputFor({ host }: CommandContext, pods: readonly V1Pod[], options: RunOptions): OutputPrinter {
  if (options.json) return jsonOutput(host.stdout, () => new Date());
  const containers = pods.flatMap(({ spec }) => [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
  ]);
  if (containers.length === 1) return rawOutput(host);
  return prefixedOutput(host, { withPod: pods.length > 1, colors: hasColors(host.stdout, host.env) });
}
