import type { ContainerCheckpoint } from "./checkpoint.ts";
import { cappedCrashRecord, restartTimeOf } from "./back-off.ts";
import type { Container, ContainerExitRecord, ContainerFacts } from "./container-graph.ts";
import { end, lostRun, to } from "./container-moves.ts";
import type { ContainerStateLike, ContainerStatusLike } from "./pod-like.ts";
import { mayRestart } from "./restart-policy.ts";

/** What an earlier process left of a container. */
interface Left {
  readonly exits: number;
  readonly imageID?: string;
  /** The run that ended with that process. */
  readonly run?: { readonly containerID?: string; readonly startedAt?: Date };
  readonly exit?: ContainerExitRecord;
  readonly lastExit?: ContainerExitRecord;
}

/** The kubelet's words for a lost run after which there is another one. */
const LOST_AND_RESTARTED =
  "The container could not be located when the pod was deleted.  The container used to be Running";

/**
 * A container as an earlier process left it: by whichever of the object's status and our own checkpoint knows more. A
 * run that had not ended was lost with the process; where the policy lets it, another one follows, which is no crash.
 */
export function containerLeft(
  facts: Pick<ContainerFacts, "name" | "kind" | "spec" | "maxRestartDelayMs">,
  { status, kept }: { readonly status?: ContainerStatusLike; readonly kept?: ContainerCheckpoint },
  restartPolicy: string | undefined,
  now: Date,
): Container {
  const left = newer(kept, status && leftOf(status, now));
  const exits = left?.exits ?? 0;
  const known: ContainerFacts = {
    ...facts,
    attempt: kept?.attempt ?? 0,
    exits,
    restartCount: Math.max(status?.restartCount ?? 0, exits - 1),
    imageID: left?.imageID ?? status?.imageID,
    pullFailures: 0,
    crash:
      kept?.image === facts.spec.image ? cappedCrashRecord(kept?.crash, facts.maxRestartDelayMs) : undefined,
    lastExit: left?.lastExit,
  };
  if (left?.run !== undefined) {
    const exit = lostRun(left.run, now);
    const ended = end({ ...known, restartCount: exits, lastExit: left.exit }, exit);
    if (!mayRestart(restartPolicy, ended)) return ended;
    const lastExit = { ...exit, message: LOST_AND_RESTARTED };
    return to({ ...ended, restartCount: ended.exits, lastExit }, { name: "Waiting" });
  }
  if (left?.exit === undefined) return to(known, { name: "Waiting" });
  // Neither process has come to run it since.
  if (isCounted(left.exit))
    return to({ ...known, restartCount: exits, lastExit: left.exit }, { name: "Waiting" });
  const ended = to(known, { name: "Terminated", exit: left.exit });
  if (known.crash === undefined || !mayRestart(restartPolicy, ended)) return ended;
  // The back-off goes on where it was.
  const until = restartTimeOf(known.crash, left.exit.finishedAt, now);
  const { delayMs } = known.crash;
  return to({ ...known, lastExit: left.exit }, { name: "CrashBackOff", until, delayMs, exit: left.exit });
}

/** That of which more runs have ended or, of the same run, the one that knows how it did. */
function newer(kept: Left | undefined, told: Left | undefined): Left | undefined {
  if (kept === undefined || told === undefined) return kept ?? told;
  const [ours, theirs] = [kept, told].map(({ exits, run }) => exits + (run === undefined ? 0 : 1));
  if (ours === theirs && kept.run !== undefined) {
    return told.run === undefined ? told : { ...kept, run: { ...told.run, ...defined(kept.run) } };
  }
  return (theirs ?? 0) > (ours ?? 0) ? told : kept;
}

function defined(run: NonNullable<Left["run"]>): NonNullable<Left["run"]> {
  return run.containerID === undefined ? {} : run;
}

function leftOf(
  { restartCount, imageID, containerID, state, lastState }: ContainerStatusLike,
  now: Date,
): Left {
  const last = exitOf(lastState, now);
  const running = state?.running ?? undefined;
  if (running !== undefined) {
    return { exits: restartCount, imageID, run: { containerID, startedAt: running.startedAt }, exit: last };
  }
  const exit = exitOf(state, now);
  if (exit !== undefined) return { exits: restartCount + 1, imageID, exit, lastExit: last };
  const ended = last === undefined || isCounted(last) ? restartCount : restartCount + 1;
  return { exits: ended, imageID, exit: last };
}

/** Whether `restartCount` is that of the run to come, as it is after a lost one; else that run counts when it begins. */
function isCounted({ message }: ContainerExitRecord): boolean {
  return message === LOST_AND_RESTARTED;
}

function exitOf(state: ContainerStateLike | undefined, now: Date): ContainerExitRecord | undefined {
  const terminated = state?.terminated ?? undefined;
  if (terminated === undefined) return undefined;
  const reason = terminated.reason ?? (terminated.exitCode === 0 ? "Completed" : "Error");
  return { ...terminated, reason, finishedAt: terminated.finishedAt ?? now };
}
