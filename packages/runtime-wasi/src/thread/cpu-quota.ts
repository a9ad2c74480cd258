/** Milliseconds in which a container may use its `cpuLimitMillis` share, as the kernel's CFS period is. */
export const QUOTA_PERIOD_MS = 100;

/** How much of its limit a container has used. Plain data: {@link chargeQuota} gives the next one. */
export interface CpuQuota {
  /** Microseconds per period. */
  readonly limitMicros: number;
  /** Number of the period that `usedMicros` counts for: time divided by {@link QUOTA_PERIOD_MS}. */
  readonly period: number;
  /** Used in that period; what goes beyond the limit is owed to the periods after it. */
  readonly usedMicros: number;
}

/** A quota of `limitMillis` thousandths of a core, nothing used yet. */
export function quotaOf(limitMillis: number): CpuQuota {
  return { limitMicros: Math.max(1, limitMillis) * QUOTA_PERIOD_MS, period: 0, usedMicros: 0 };
}

/** The quota after `micros` of use that ended at `nowMs`. Debt of older periods is paid off first. */
export function chargeQuota(quota: CpuQuota, nowMs: number, micros: number): CpuQuota {
  const period = Math.max(quota.period, Math.floor(nowMs / QUOTA_PERIOD_MS));
  const carried = Math.max(0, quota.usedMicros - (period - quota.period) * quota.limitMicros);
  return { limitMicros: quota.limitMicros, period, usedMicros: carried + micros };
}

/** When the container may run again, in the terms of `nowMs`; undefined when it may run now. */
export function throttledUntil(quota: CpuQuota, nowMs: number): number | undefined {
  const until = (quota.period + Math.floor(quota.usedMicros / quota.limitMicros)) * QUOTA_PERIOD_MS;
  return until > nowMs ? until : undefined;
}
