import type { MetricFamily, Sample } from "./exposition.ts";

/** What a metric is called, and what its labels are. */
export interface InstrumentInit<L extends string> {
  readonly name: string;
  readonly help: string;
  /** The caller gives values from closed lists only: each combination is kept for good. */
  readonly labels: readonly L[];
}

type LabelValues<L extends string> = Readonly<Record<L, string>>;

/** Counts, or goes up and down where it is a gauge. */
export interface Tally<L extends string> {
  add(labels: LabelValues<L>, amount?: number): void;
  family(): MetricFamily;
}

/** Makes a counter or a gauge. Without labels it is 0 from the start. */
export function createTally<L extends string>(
  init: InstrumentInit<L> & { readonly type: "counter" | "gauge" },
): Tally<L> {
  const { name, help, type } = init;
  const values = createSeries(init, () => ({ value: 0 }));
  return {
    add: (labels, amount = 1) => {
      values.at(labels).value += amount;
    },
    family: () => ({
      name,
      help,
      type,
      samples: values.all().map(([labels, { value }]) => ({ labels, value })),
    }),
  };
}

/** Counts how many observations are how great. */
export interface Histogram<L extends string> {
  observe(labels: LabelValues<L>, value: number): void;
  family(): MetricFamily;
}

/** Makes a histogram with buckets up to these bounds, which go up, and one for whatever is greater. */
export function createHistogram<L extends string>(
  init: InstrumentInit<L> & { readonly bounds: readonly number[] },
): Histogram<L> {
  const { name, help, bounds } = init;
  const values = createSeries(init, () => ({ sum: 0, counts: bounds.map(() => 0), count: 0 }));
  return {
    observe: (labels, value) => {
      const series = values.at(labels);
      series.sum += value;
      series.count += 1;
      const bucket = bounds.findIndex((bound) => value <= bound);
      if (bucket !== -1) series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    },
    family: () => ({
      name,
      help,
      type: "histogram",
      samples: values.all().flatMap(([labels, series]) => samplesOf(labels, bounds, series)),
    }),
  };
}

interface Observed {
  readonly sum: number;
  /** For each bound, what is in its bucket and in none below. */
  readonly counts: readonly number[];
  readonly count: number;
}

function samplesOf(
  labels: Readonly<Record<string, string>>,
  bounds: readonly number[],
  { sum, counts, count }: Observed,
): readonly Sample[] {
  let below = 0;
  const buckets = bounds.map((bound, at): Sample => {
    below += counts[at] ?? 0;
    return { suffix: "_bucket", labels: { ...labels, le: String(bound) }, value: below };
  });
  return [
    ...buckets,
    { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: count },
    { suffix: "_sum", labels, value: sum },
    { suffix: "_count", labels, value: count },
  ];
}

/** The values of a metric, each under its labels. */
function createSeries<L extends string, V>({ labels: names }: InstrumentInit<L>, create: () => V) {
  const series = new Map<string, readonly [LabelValues<L>, V]>();
  const at = (labels: LabelValues<L>): V => {
    const key = JSON.stringify(names.map((name) => labels[name]));
    const known = series.get(key);
    if (known !== undefined) return known[1];
    const value = create();
    series.set(key, [labels, value]);
    return value;
  };
  if (names.length === 0) at({} as LabelValues<L>);
  return { at, all: () => [...series.values()] };
}
