import type { ByteSink } from "../cli-host.ts";

/** Whether a sink shows colours: a terminal does, unless `NO_COLOR` is set or it is a dumb one. */
export function hasColors(sink: ByteSink, env: Readonly<Record<string, string | undefined>>): boolean {
  return sink.isTTY && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
}

const PREFIX_COLORS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94] as const;

/** `text` in the colour of the `index`-th container. */
export function colored(text: string, index: number): string {
  return `\u001b[${PREFIX_COLORS[index % PREFIX_COLORS.length]}m${text}\u001b[0m`;
}
