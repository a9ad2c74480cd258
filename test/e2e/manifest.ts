import { stringify } from "yaml";

/** A container of {@link podManifest}: `image` and whatever else a container may have. */
export type Container = Readonly<Record<string, unknown>> & { readonly name: string; readonly image: string };

/** The YAML of a Pod that runs once, and of whatever stands beside it. */
export function podManifest(
  containers: readonly Container[],
  spec: Readonly<Record<string, unknown>> = {},
  ...others: readonly object[]
): string {
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "test" },
    spec: { restartPolicy: "Never", containers, ...spec },
  };
  return [pod, ...others].map((document) => stringify(document)).join("---\n");
}
