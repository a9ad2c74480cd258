/**
 * The file that every thread of the runtime starts from. It imports no more than its role needs, so that a thread
 * is up soon.
 */
import { workerData } from "node:worker_threads";
import type { ThreadData } from "./protocol.ts";

const data = workerData as ThreadData;
switch (data.role) {
  case "guests": {
    const { runGuests } = await import("./thread/run-guests.ts");
    runGuests(data);
    break;
  }
  case "prepare": {
    const { answerPrepare } = await import("./thread/answer-prepare.ts");
    answerPrepare();
    break;
  }
  case "ticker": {
    const { runTicker } = await import("./thread/ticker.ts");
    runTicker(data);
  }
}
