import { isKrustletError } from "@krustlet/interface";
import { startKubelet } from "@krustlet/kubelet";
import type { PodChange, PodFailure } from "@krustlet/kubelet";
import { statusOf } from "@krustlet/pod-machine";
import type { PodState } from "@krustlet/pod-machine";
import type { V1Pod } from "@kubernetes/client-node";
import { ReplaySubject } from "rxjs";

import type { CliHost } from "./cli-host.ts";
import type { KubeletParts } from "./compose.ts";
import { exitCodeOf } from "./exit-code-of.ts";
import { podReporter } from "./pod-report.ts";
import { errorText, exitCodeOfError } from "./report-error.ts";
import { stopRequests } from "./stop-requests.ts";
import type { OutputPrinter } from "./terminal/output.ts";
import type { PullPrinter } from "./terminal/pull-progress.ts";

/** What {@link runPods} runs, and how it shows. */
export interface RunPodsInit {
  readonly pods: readonly V1Pod[];
  readonly parts: KubeletParts;
  readonly host: CliHost;
  readonly output: OutputPrinter;
  readonly pulls: PullPrinter;
  readonly json: boolean;
  readonly verbose: boolean;
}

/**
 * Runs pods until all of them have ended, or one of them cannot be run; leaves nothing of them behind.
 * Resolves to the exit code of the first pod that did not succeed.
 */
export async function runPods(init: RunPodsInit): Promise<number> {
  const { pods, host, output, pulls } = init;
  const source$ = new ReplaySubject<PodChange>();
  for (const pod of pods) source$.next({ type: "added", pod });
  const remove = (gracePeriodSeconds?: number): void => {
    for (const pod of pods) source$.next({ type: "removed", pod, gracePeriodSeconds });
  };

  const states = new Map<string, PodState>();
  const ended = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  let failure: PodFailure | undefined;
  const report = podReporter({ ...host, json: init.json, verbose: init.verbose });
  // One after the other, so that lines come in the order of what they tell.
  let told = Promise.resolve();
  const tell = (work: () => Promise<void>): void => {
    told = told.then(work);
  };

  await using kubelet = startKubelet({
    ...init.parts,
    sources: [source$],
    onOutput: async (chunk) => {
      await pulls.finish();
      await output.print(chunk);
    },
    onPullProgress: pulls.show,
    stdinOf: stdinFor(pods, host),
  });
  kubelet.transitions$.subscribe((step) => {
    const { event, state, pod } = step;
    states.set(pod.metadata?.uid ?? "", state);
    if (event.type === "exited") tell(() => output.end(pod.metadata?.name ?? "", event.container));
    tell(() => report(step));
    const all = [...states.values()];
    if (all.length < pods.length) return;
    if (all.every(({ name }) => name === "Finished" || name === "Gone")) ended.resolve();
    if (all.every(({ name }) => name === "Gone")) gone.resolve();
  });
  kubelet.failures$.subscribe((each) => {
    if (each.action === "status" || each.action === "unmount") return;
    // Nobody is there to change what the pod needs, so nothing is tried again.
    failure ??= each;
    remove(0);
  });

  using _stop = stopRequests(host, { stop: () => remove(), kill: () => remove(0) });
  await ended.promise;
  const exitCodes = pods.map((pod) => {
    const state = states.get(pod.metadata?.uid ?? "");
    return state === undefined ? 0 : exitCodeOf(statusOf(state));
  });
  remove(0);
  await gone.promise;
  await pulls.finish();
  await told;
  if (failure !== undefined) {
    await host.stderr.write(errorText(failure.error, init.verbose));
    return isKrustletError(failure.error) ? exitCodeOfError(failure.error) : 125;
  }
  return exitCodes.find((code) => code !== 0) ?? 0;
}

/** Stdin goes to the one container there is or, of several, to the one that says `stdin: true`. */
function stdinFor(
  pods: readonly V1Pod[],
  host: CliHost,
): (pod: V1Pod, container: string) => AsyncIterable<Uint8Array> | undefined {
  const all = pods.flatMap((pod) =>
    (pod.spec?.containers ?? []).map((container) => ({ uid: pod.metadata?.uid, container })),
  );
  const [reader = all.length === 1 ? all[0] : undefined] = all.filter(
    ({ container }) => container.stdin === true,
  );
  return (pod, container) =>
    pod.metadata?.uid === reader?.uid && container === reader?.container.name ? host.stdin : undefined;
}
