import type { ByteSink } from "../cli-host.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether what was printed on a sink can be replaced: on a terminal, unless it is a dumb one. */
export function hasCursor(sink: ByteSink, env: Environment): boolean {
  return sink.isTTY && env["TERM"] !== "dumb";
}

/** Whether a sink shows colours: such a terminal does, unless `NO_COLOR` is set. */
export function hasColors(sink: ByteSink, env: Environment): boolean {
  return hasCursor(sink, env) && (env["NO_COLOR"] ?? "") === "";
}

const PREFIX_COLORS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const;

/** `text` in the colour of the `index`-th container. */
export function colored(text: string, index: number): string {
  return `\u001b[${PREFIX_COLORS[index % PREFIX_COLORS.length]}m${text}\u001b[0m`;
}
