/** How fast CPU time is used, between one measurement and the next. */
export interface CpuRates {
  /** Cores in use by what is called `key`, of whose CPU time so much was used at `at`. */
  coresOf(key: string, cpuMicros: number, at: Date, startedAt: Date): number;
  /** Forgets what has not been asked about since the last call. */
  forgetOthers(): void;
}

/** Two measurements that are closer to each other say nothing. */
const SHORTEST_MS = 1000;

interface Known {
  readonly cpuMicros: number;
  readonly at: Date;
  readonly cores: number;
}

/** Remembers one measurement for each key. Of what is new the rate is that since it was started. */
export function createCpuRates(): CpuRates {
  let known = new Map<string, Known>();
  let asked = new Map<string, Known>();
  return {
    coresOf: (key, cpuMicros, at, startedAt) => {
      const before = known.get(key) ?? { cpuMicros: 0, at: startedAt, cores: 0 };
      const ms = at.getTime() - before.at.getTime();
      const isNews = ms >= SHORTEST_MS && cpuMicros >= before.cpuMicros;
      const cores = isNews ? (cpuMicros - before.cpuMicros) / (ms * 1000) : before.cores;
      // A clock that was set back: from here on it is measured anew.
      const now = isNews || ms < 0 ? { cpuMicros, at, cores } : before;
      asked.set(key, now);
      return now.cores;
    },
    forgetOthers: () => {
      known = asked;
      asked = new Map();
    },
  };
}
