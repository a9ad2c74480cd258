import { checkpointOf } from "@krustlet/pod-machine";
import type { Checkpoint, PodState } from "@krustlet/pod-machine";

import type { CheckpointStore } from "./checkpoint-directory.ts";

/** Keeps one pod's checkpoint up to date. */
export interface CheckpointWriter {
  /** Something changed that is worth keeping. What was to be written before, and is not, never will be. */
  changed(): void;
  /**
   * Notes that the guest of this try of a container may run from now on. Resolves when that is on disk; until then it
   * must not. Rejects where it cannot be written.
   */
  begin(container: string, attempt: number): Promise<void>;
  /** Resolves when what was offered is on disk. Rejects where it cannot be written. */
  settled(): Promise<void>;
  /** What is known of the pod now; undefined before its first step. */
  newest(): Checkpoint | undefined;
  /** The pod is gone: so is the checkpoint. */
  remove(): Promise<void>;
}

/** How {@link createCheckpointWriter} is put together. */
export interface CheckpointWriterInit {
  readonly store: CheckpointStore;
  readonly uid: string;
  /** The pod's state now; undefined before its first step. */
  readonly state: () => PodState | undefined;
  /** Told of what nobody waits for. */
  readonly onError: (error: unknown) => void;
}

/** Makes the writer of one pod's checkpoint. */
export function createCheckpointWriter({
  store,
  uid,
  state,
  onError,
}: CheckpointWriterInit): CheckpointWriter {
  const begun = new Map<string, number>();
  let removed = false;
  let writing: Promise<void> | undefined;
  /** Whether something is not on disk yet. */
  let due = false;
  const write = async (): Promise<void> => {
    try {
      while (due) {
        due = false;
        const newest = state();
        if (newest !== undefined && !removed)
          await store.write(uid, JSON.stringify(checkpointOf(newest, begun)));
      }
    } catch (error) {
      due = true;
      throw error;
    } finally {
      writing = undefined;
    }
  };
  const begin = (): Promise<void> => {
    due = true;
    return (writing ??= write());
  };
  return {
    changed: () => {
      begin().catch(onError);
    },
    begin: (container, attempt) => {
      begun.set(container, attempt);
      return begin();
    },
    settled: () => (due ? begin() : (writing ?? Promise.resolve())),
    newest: () => {
      const newest = state();
      return newest && checkpointOf(newest, begun);
    },
    remove: async () => {
      removed = true;
      await writing?.catch(() => undefined);
      await store.remove(uid);
    },
  };
}
