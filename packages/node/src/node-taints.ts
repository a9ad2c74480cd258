import type { V1Taint } from "@kubernetes/client-node";
import { KrustletError } from "@krustlet/interface";
import { isLabelValue, isQualifiedName } from "./label-syntax.ts";

const EFFECTS: ReadonlySet<string> = new Set(["NoSchedule", "PreferNoSchedule", "NoExecute"]);

/** Krustlet's own taints: only pods that say so are placed on a node that runs nothing but WebAssembly. */
export const DEFAULT_TAINTS: readonly V1Taint[] = [
  { key: "kubernetes.io/arch", value: "wasm32-wasi", effect: "NoSchedule" },
  { key: "kubernetes.io/arch", value: "wasm32-wasi", effect: "NoExecute" },
];

/**
 * Reads what `--register-with-taints` takes: `key=value:Effect` or `key:Effect`, separated by commas. An empty text
 * is no taints at all.
 *
 * @throws KrustletError `InvalidField`, naming the taint.
 */
export function parseTaints(text: string): readonly V1Taint[] {
  if (text.trim() === "") return [];
  const taints = text.split(",").map((part) => parseTaint(part.trim()));
  const seen = new Set<string>();
  for (const { key, effect } of taints) {
    const name = `${key}:${effect}`;
    if (seen.has(name)) throw invalid(name, "is given twice");
    seen.add(name);
  }
  return taints;
}

function parseTaint(text: string): V1Taint {
  const colon = text.lastIndexOf(":");
  if (colon === -1) throw invalid(text, "has no effect, as in key=value:NoSchedule");
  const effect = text.slice(colon + 1);
  const [key = "", ...rest] = text.slice(0, colon).split("=");
  const value = rest.join("=");
  if (!EFFECTS.has(effect)) throw invalid(text, `has an effect that is none of ${[...EFFECTS].join(", ")}`);
  if (!isQualifiedName(key)) throw invalid(text, "has an invalid key");
  if (!isLabelValue(value)) throw invalid(text, "has an invalid value");
  return value === "" ? { key, effect } : { key, value, effect };
}

function invalid(taint: string, what: string): KrustletError {
  return new KrustletError("InvalidField", `The taint ${JSON.stringify(taint)} ${what}.`);
}
