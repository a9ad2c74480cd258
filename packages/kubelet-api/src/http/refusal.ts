/** Why a request is not answered: an HTTP status from 400 up, and the text that goes with it. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** Whether a decision came out as a refusal. */
export function isRefusal(decision: object): decision is Refusal {
  return "status" in decision && "text" in decision;
}
