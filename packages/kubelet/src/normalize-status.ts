import type { PodStatus } from "@krustlet/pod-machine";

/** Bytes of the termination messages of a pod's containers together, as the kubelet limits them. */
const MESSAGE_BYTES = 12 * 1024;

/**
 * A status as it is written: times in seconds, as the API server keeps them, and termination messages so short that no
 * pod has more of them than its share.
 */
export function writtenStatusOf(status: PodStatus): PodStatus {
  const containers = status.containerStatuses.length + (status.initContainerStatuses?.length ?? 0);
  const bytes = Math.floor(MESSAGE_BYTES / Math.max(1, containers));
  return normalized(status, bytes) as PodStatus;
}

function normalized(value: unknown, messageBytes: number): unknown {
  if (value instanceof Date) return new Date(Math.floor(value.getTime() / 1000) * 1000);
  if (Array.isArray(value)) return value.map((each: unknown) => normalized(each, messageBytes));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]: [string, unknown]) => [
      name,
      name === "terminated"
        ? cut(normalized(each, messageBytes), messageBytes)
        : normalized(each, messageBytes),
    ]),
  );
}

function cut(terminated: unknown, bytes: number): unknown {
  if (typeof terminated !== "object" || terminated === null || !("message" in terminated)) return terminated;
  const { message } = terminated;
  if (typeof message !== "string" || message.length * 3 <= bytes) return terminated;
  const text = Buffer.from(message);
  if (text.length <= bytes) return terminated;
  // Never within a character.
  let end = bytes;
  while (end > 0 && ((text[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return { ...terminated, message: text.toString("utf8", 0, end) };
}
