import type { Taint, Toleration } from "./pod.ts";
import { integerOf } from "./node-affinity.ts";

/** Whether any of `tolerations` puts up with `taint`. */
export function toleratesTaint(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((each) => tolerates(each, taint));
}

function tolerates({ key, operator, value = "", effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  switch (operator || "Equal") {
    case "Equal":
      return value === (taint.value ?? "");
    case "Exists":
      return true;
    case "Lt":
      return isLess(taint.value, value);
    case "Gt":
      return isLess(value, taint.value);
    default:
      return false;
  }
}

function isLess(a: string | undefined, b: string | undefined): boolean {
  const [less, more] = [integerOf(a), integerOf(b)];
  return less !== undefined && more !== undefined && less < more;
}
