import type { MetricFamily } from "./exposition.ts";

/** Until when the node's certificates are good; undefined where there is none that is the node's to replace. */
export interface CertificateDates {
  readonly client: () => Date | undefined;
  readonly server: () => Date | undefined;
}

/** How long they still are, in whole seconds: below zero where they are over. */
export function certificateMetricsOf(
  { client, server }: CertificateDates,
  now: Date,
): readonly MetricFamily[] {
  return [
    {
      name: "kubelet_certificate_manager_client_ttl_seconds",
      help: "Seconds until the node's client certificate expires; +Inf where it has none of its own.",
      type: "gauge",
      samples: [{ value: secondsUntil(client(), now) }],
    },
    {
      name: "kubelet_certificate_manager_server_ttl_seconds",
      help: "Seconds until the certificate of the node's API expires; +Inf where there is none.",
      type: "gauge",
      samples: [{ value: secondsUntil(server(), now) }],
    },
  ];
}

function secondsUntil(date: Date | undefined, now: Date): number {
  return date === undefined ? Infinity : Math.trunc((date.getTime() - now.getTime()) / 1000);
}
