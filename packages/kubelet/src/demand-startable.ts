import { KrustletError } from "@krustlet/interface";
import type { ContainerPlan } from "@krustlet/interface";

/** What Linux lets a program be started with, by the stack that it gives one. */
const MOST_BYTES = 2 ** 21;

/**
 * Demands that what a guest is started with is no more than a program's may be. References to one large variable, in a
 * Pod of a few kilobytes, make gigabytes of it.
 * @throws KrustletError `StartFailed` that names pod and container.
 */
export function demandStartable({ pod, name, args, env }: ContainerPlan): void {
  // By their lengths first: only to count the bytes of a text that is made of others makes one text of it.
  if (
    sumOf(args, env, ({ length }) => length) <= MOST_BYTES &&
    sumOf(args, env, (text) => Buffer.byteLength(text)) <= MOST_BYTES
  )
    return;
  const detail = `argument list too long: arguments and environment have more than ${MOST_BYTES} bytes`;
  const where = `pod "${pod.namespace}/${pod.name}", container "${name}"`;
  throw new KrustletError("StartFailed", `${where}: ${detail}`, { detail });
}

/** The sizes of all texts, each with what ends it. */
function sumOf(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  sizeOf: (text: string) => number,
): number {
  const texts = [...args, ...Object.entries(env).flat()];
  return texts.reduce((sum, text) => sum + sizeOf(text) + 1, 0);
}
