import type { Container } from "./container-graph.ts";
import { deadlineOf } from "./end-pod.ts";
import type { PodAction } from "./pod-action.ts";
import type { PodState } from "./pod-graph.ts";
import { earlier } from "./time.ts";

/**
 * Everything that should be under way for a pod in `state`, each with a key that names this piece of work for
 * ever. What was listed before and is no longer is to be cancelled.
 */
export function workOf(state: PodState): readonly PodAction[] {
  const until = wakeOf(state);
  const wallClock = until !== undefined && until.getTime() === deadlineOf(state)?.getTime();
  const wait: readonly PodAction[] =
    until === undefined ? [] : [{ key: `wait/${until.getTime()}`, do: "wait", until, wallClock }];
  return [...podWorkOf(state), ...wait];
}

/** When the machine wants to be woken if nothing happens before; undefined if time changes nothing. */
export function wakeOf(state: PodState): Date | undefined {
  return [deadlineOf(state), retryTimeOf(state), ...containerTimesOf(state)].reduce(
    (first, next) => (first === undefined || next === undefined ? (first ?? next) : earlier(first, next)),
    undefined,
  );
}

function podWorkOf(state: PodState): readonly PodAction[] {
  switch (state.name) {
    case "Registered":
      return [{ key: "admit", do: "admit" }];
    case "Mounting": {
      const { attempt, failure } = state;
      return failure === undefined ? [{ key: `mount/${attempt}`, do: "mount", attempt }] : [];
    }
    case "Running":
    case "Terminating":
      return state.facts.containers.flatMap(containerWorkOf);
    case "Unmounting": {
      const { attempt, failure } = state;
      return failure === undefined ? [{ key: `unmount/${attempt}`, do: "unmount", attempt }] : [];
    }
    case "Finished": {
      const { attempt, failure, facts } = state;
      const wanted = facts.pod.metadata?.deletionTimestamp !== undefined && failure === undefined;
      return wanted ? [{ key: `delete/${attempt}`, do: "delete", attempt }] : [];
    }
    default:
      return [];
  }
}

function containerWorkOf({ name: container, attempt, exits, spec, state }: Container): readonly PodAction[] {
  const key = (verb: string): string => `${verb}/${container}/${attempt}`;
  switch (state.name) {
    case "Pulling":
      return [{ key: key("pull"), do: "pull", container, attempt, image: spec.image ?? "" }];
    case "Starting": {
      const { imageID } = state;
      return [{ key: key("start"), do: "start", container, attempt, restartCount: exits, imageID }];
    }
    case "Terminating": {
      const { gracePeriodSeconds } = state;
      return [{ key: key("terminate"), do: "terminate", container, attempt, gracePeriodSeconds }];
    }
    case "Killing":
      return [{ key: `${key("kill")}/${state.tries}`, do: "kill", container, attempt }];
    default:
      return [];
  }
}

function retryTimeOf(state: PodState): Date | undefined {
  return "failure" in state ? state.failure?.until : undefined;
}

function containerTimesOf({ name, facts }: PodState): readonly Date[] {
  if (name !== "Running" && name !== "Terminating") return [];
  return facts.containers.flatMap(({ state }) => {
    if ("until" in state) return [state.until];
    return "killAt" in state ? [state.killAt] : [];
  });
}
