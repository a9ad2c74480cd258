import type { V1Pod } from "@kubernetes/client-node";

/**
 * Who reads the command's stdin: the one container there is or, of several, the first that says `stdin: true`. The
 * stream is opened by the first read.
 */
export function stdinFor(
  pods: readonly V1Pod[],
  stdin: AsyncIterable<Uint8Array>,
): (pod: V1Pod, container: string) => AsyncIterable<Uint8Array> | undefined {
  const all = pods.flatMap((pod) =>
    (pod.spec?.containers ?? []).map((container) => ({ uid: pod.metadata?.uid, container })),
  );
  const [reader = all.length === 1 ? all[0] : undefined] = all.filter(
    ({ container }) => container.stdin === true,
  );
  return (pod, container) =>
    pod.metadata?.uid === reader?.uid && container === reader?.container.name ? stdin : undefined;
}
