import { startKubelet } from "@krustlet/kubelet";
import type { PodChange, PodFailure, PodTransition } from "@krustlet/kubelet";
import { statusOf } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { merge, Subject, takeUntil, tap } from "rxjs";
import type { Observable } from "rxjs";

import type { CliHost } from "./cli-host.ts";
import type { KubeletParts } from "./compose.ts";
import { exitCodeOf } from "./exit-code-of.ts";
import { EXIT_INTERRUPTED, EXIT_REFUSED } from "./exit-status.ts";
import { podReporter } from "./pod-report.ts";
import { errorText, exitCodeOfError } from "./report-error.ts";
import { stopRequests } from "./stop-requests.ts";
import type { OutputPrinter } from "./terminal/output.ts";
import type { PullPrinter } from "./terminal/pull-progress.ts";

/** What {@link runPods} runs, and how it shows. */
export interface RunPodsInit {
  readonly source$: Observable<PodChange>;
  /** True: the source is followed until the user stops it, and failures are tried again, as a node does it. */
  readonly follow: boolean;
  readonly parts: KubeletParts;
  readonly host: CliHost;
  readonly output: OutputPrinter;
  readonly pulls: PullPrinter;
  readonly stdinOf?: (pod: V1Pod, container: string) => AsyncIterable<Uint8Array> | undefined;
  /** Tells that ConfigMaps or Secrets may have changed. */
  readonly objectsChanged$?: Observable<void>;
  readonly json: boolean;
  readonly verbose: boolean;
}

/**
 * Runs the pods of a source until all of them have ended, or one of them cannot be run; leaves nothing of them behind.
 * Resolves to the exit code of the first pod that did not succeed.
 */
export async function runPods(init: RunPodsInit): Promise<number> {
  const { host, output, pulls, follow } = init;
  const stop$ = new Subject<void>();
  const removed$ = new Subject<PodChange>();
  const steps = new Map<string, PodTransition | undefined>();
  const pods = new Map<string, V1Pod>();
  const removeAll = (gracePeriodSeconds?: number): void => {
    stop$.next();
    for (const pod of pods.values()) removed$.next({ type: "removed", pod, gracePeriodSeconds });
    look();
  };

  const ended = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  let stopping = false;
  let failure: PodFailure | undefined;
  const look = (): void => {
    const names = [...steps.values()].map((step) => step?.state.name);
    const isOver = names.every((name) => name === "Gone" || (!follow && name === "Finished"));
    if (isOver && (stopping || !follow)) ended.resolve();
    if (names.every((name) => name === "Gone")) gone.resolve();
  };

  const report = podReporter({ ...host, json: init.json, verbose: init.verbose });
  // One after the other, so that lines come in the order of what they tell.
  let told = Promise.resolve();
  const tell = (work: () => Promise<void>): void => {
    told = told.then(work);
  };

  await using kubelet = startKubelet({
    ...init.parts,
    sources: [
      merge(
        init.source$.pipe(
          takeUntil(stop$),
          tap(({ type, pod }) => {
            const uid = pod.metadata?.uid ?? "";
            if (type === "added") steps.set(uid, undefined);
            if (type !== "removed") pods.set(uid, pod);
          }),
        ),
        removed$,
      ),
    ],
    onOutput: async (chunk) => {
      await pulls.finish();
      await output.print(chunk);
    },
    onWarning: (pod, message) => tell(() => host.stderr.write(`krustlet: pod ${pod.name}: ${message}\n`)),
    onPullProgress: pulls.show,
    stdinOf: init.stdinOf,
    objectsChanged$: init.objectsChanged$,
  });
  kubelet.transitions$.subscribe((step) => {
    const { event, state, pod } = step;
    const uid = pod.metadata?.uid ?? "";
    steps.set(uid, step);
    if (event.type === "exited") tell(() => output.end(pod.metadata?.name ?? "", event.container));
    tell(() => report(step));
    // A followed directory may bring pod after pod; what is over is not kept.
    if (state.name === "Gone") pods.delete(uid);
    if (state.name === "Gone" && follow && !stopping) steps.delete(uid);
    look();
  });
  kubelet.failures$.subscribe((each) => {
    if (follow) tell(() => host.stderr.write(errorText(each.error, init.verbose)));
    if (follow || each.action === "status" || each.action === "unmount") return;
    // Nobody is there to change what the pod needs, so nothing is tried again.
    failure ??= each;
    removeAll(0);
  });

  using requests = stopRequests(host, {
    stop: () => {
      stopping = true;
      removeAll();
    },
    kill: () => removeAll(0),
  });
  await ended.promise;
  const neverRan = stopping ? EXIT_INTERRUPTED : EXIT_REFUSED;
  const exitCodes = [...steps.values()].map((step) =>
    step === undefined ? neverRan : (exitCodeOf(statusOf(step.state), stopping) ?? neverRan),
  );
  removeAll(0);
  await gone.promise;
  await pulls.finish();
  await told;
  const error = failure?.error ?? requests.failure;
  if (error !== undefined) {
    await host.stderr.write(errorText(error, init.verbose));
    return exitCodeOfError(error);
  }
  return follow ? 0 : (exitCodes.find((code) => code !== 0) ?? 0);
}
