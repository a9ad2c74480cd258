import { plainText } from "../terminal/plain-text.ts";

const LEVELS: Readonly<Record<number, string>> = {
  10: "TRACE",
  20: "DEBUG",
  30: "INFO ",
  40: "WARN ",
  50: "ERROR",
  60: "FATAL",
};

/** The fields of a line that have a place of their own in its text. */
interface LogLine {
  readonly level: number;
  readonly time: string;
  readonly msg?: string;
  readonly pod?: string;
  readonly container?: string;
  readonly err?: { readonly message?: string; readonly causes?: readonly string[]; readonly stack?: string };
}

/** Pure: a log line in JSON as a terminal shows it: time, level, what it is about, the message, then the other fields. */
export function logLineText(json: string): string {
  let line: LogLine;
  try {
    line = JSON.parse(json) as LogLine;
  } catch {
    return plainText(json);
  }
  const { level, time, msg = "", pod, container, err, ...others } = line;
  const about = [
    ...(pod === undefined ? [] : [`pod ${pod}`]),
    ...(container === undefined ? [] : [`container ${container}`]),
  ].join(", ");
  const fields = Object.entries(others).map(([name, value]) => `${name}=${shown(value)}`);
  const { message, causes = [], stack } = err ?? {};
  const error = message === undefined || msg.includes(message) ? [] : [message];
  const sentence = [msg, ...error, ...causes.map((cause) => `caused by: ${cause}`)].join(": ");
  const head = `${time} ${LEVELS[level] ?? level} ${about === "" ? "" : `${about}: `}`;
  const trace = stack === undefined ? "" : `\n${stack.split("\n").slice(1).map(plainText).join("\n")}`;
  return `${plainText(`${head}${sentence}${fields.length === 0 ? "" : ` (${fields.join(", ")})`}`)}${trace}`;
}

function shown(value: unknown): string {
  return typeof value === "string" && /^[\w.:/@+-]+$/u.test(value) ? value : JSON.stringify(value);
}
