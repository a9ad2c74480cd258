import type { Answer } from "./face.ts";

/** What a guest is suspended for. */
export interface Wait {
  /** Begins the waiting, which calls the guest's `wake` with this wait when it is over. */
  arm(): void;
  /** Ends the waiting: it is over, or nobody waits any more. */
  disarm(): void;
  /** Makes the import's result when it is the guest's turn; what it throws becomes an errno. */
  answer(): Answer;
}
