import { hash } from "node:crypto";

import { checkpointOf } from "@krustlet/pod-machine";
import type { BegunRun, Checkpoint, PodState } from "@krustlet/pod-machine";

import type { CheckpointStore } from "./checkpoint-directory.ts";

/** Keeps one pod's checkpoint up to date. */
export interface CheckpointWriter {
  /** Something changed that is worth keeping. What was to be written before, and is not, never will be. */
  changed(): void;
  /**
   * Notes that the guest of this try of a container may run from now on. Resolves when that is on disk; until then it
   * must not. Rejects where it cannot be written.
   */
  begin(container: string, run: BegunRun): Promise<void>;
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
  const begun = new Map<string, BegunRun>();
  /** What is on disk, in short. */
  let written = "";
  let removed = false;
  let writing: Promise<void> | undefined;
  /** Whether something is not on disk yet. */
  let due = false;
  const write = async (): Promise<void> => {
    // What happens in one turn of the event loop makes one write.
    await Promise.resolve();
    try {
      while (due) {
        due = false;
        const newest = state();
        if (newest === undefined || removed) continue;
        const text = JSON.stringify(checkpointOf(newest, begun));
        const short = hash("sha1", text, "base64");
        if (short === written) continue;
        await store.write(uid, text);
        written = short;
      }
    } catch (error) {
      due = true;
      written = "";
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
    begin: (container, run) => {
      begun.set(container, run);
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
