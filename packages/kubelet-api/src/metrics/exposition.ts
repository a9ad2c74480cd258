/** One value of a metric. */
export interface Sample {
  /** Of a histogram: which of its series it is in. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
  /** In the order in which they are written. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
  /** When it was measured; absent: now. */
  readonly at?: Date;
}

/** A metric with all of its values. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly Sample[];
}

/** The media type of what {@link expositionOf} makes. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Metrics as Prometheus reads them. A metric without values is left out. */
export function expositionOf(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map((sample) => `${name}${sample.suffix ?? ""}${valueOf(sample)}\n`);
      return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
    })
    .join("");
}

function valueOf({ labels = {}, value, at }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  const time = at === undefined ? "" : ` ${at.getTime()}`;
  return `${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberOf(value)}${time}`;
}

function numberOf(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

/** Labels hold what others have named: none ends its own quotes or its line. */
function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
