import type { Logger } from "pino";

/** `observe`, for whoever looks on: what it throws is logged, and neither ends the node nor holds up what it looks at. */
export function quietly<T>(log: Logger, observe: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      observe(value);
    } catch (err) {
      log.error({ err }, "what happened cannot be told");
    }
  };
}
