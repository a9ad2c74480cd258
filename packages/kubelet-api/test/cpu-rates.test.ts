import { expect, it } from "vitest";
import { createCpuRates } from "../src/stats/cpu-rates.ts";

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);

/** Measures one container that began at 0. */
function openRates(): (seconds: number, cpuSeconds: number) => number {
  const rates = createCpuRates();
  return (seconds, cpuSeconds) => {
    const cores = rates.coresOf("a", cpuSeconds * 1e6, at(seconds), at(0));
    rates.forgetOthers();
    return cores;
  };
}

it("is the CPU time between two measurements, and since the start for what is new", () => {
  const coresOf = openRates();
  expect(coresOf(10, 5)).toBe(0.5);
  expect(coresOf(10.5, 5.5)).toBe(0.5);
  expect(coresOf(20, 15)).toBe(1);
});

it("goes on with the second measurement after the clock was set back", () => {
  const coresOf = openRates();
  expect(coresOf(10, 5)).toBe(0.5);
  expect(coresOf(-7190, 10)).toBe(0.5);
  expect(coresOf(-7180, 20)).toBe(1);
});
