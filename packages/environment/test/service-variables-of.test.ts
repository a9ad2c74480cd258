import { describe, expect, it } from "vitest";

import { environmentOf, serviceVariablesOf } from "../src/index.ts";
import type { EnvironmentPod, ServiceLike } from "../src/index.ts";

function service(name: string, namespace: string, spec: ServiceLike["spec"] = {}): ServiceLike {
  return { metadata: { name, namespace }, spec: { clusterIP: "10.0.0.9", ports: [{ port: 80 }], ...spec } };
}

function podOf(namespace: string, enableServiceLinks?: boolean): EnvironmentPod {
  return {
    metadata: { name: "web", namespace },
    spec: { containers: [{ name: "main" }], enableServiceLinks },
  };
}

const KUBERNETES = service("kubernetes", "default", {
  clusterIP: "10.0.0.1",
  ports: [{ name: "https", port: 443, protocol: "TCP" }],
});

describe("serviceVariablesOf", () => {
  it("names host, ports and links of a Service as the kubelet does", () => {
    const dns = service("kube-dns", "shop", {
      clusterIP: "10.0.0.10",
      ports: [
        { name: "dns", port: 53, protocol: "UDP" },
        { name: "dns-tcp", port: 53 },
      ],
    });
    expect(serviceVariablesOf(podOf("shop"), [dns])).toEqual({
      KUBE_DNS_SERVICE_HOST: "10.0.0.10",
      KUBE_DNS_SERVICE_PORT: "53",
      KUBE_DNS_SERVICE_PORT_DNS: "53",
      KUBE_DNS_SERVICE_PORT_DNS_TCP: "53",
      KUBE_DNS_PORT: "udp://10.0.0.10:53",
      KUBE_DNS_PORT_53_UDP: "udp://10.0.0.10:53",
      KUBE_DNS_PORT_53_UDP_PROTO: "udp",
      KUBE_DNS_PORT_53_UDP_PORT: "53",
      KUBE_DNS_PORT_53_UDP_ADDR: "10.0.0.10",
      KUBE_DNS_PORT_53_TCP: "tcp://10.0.0.10:53",
      KUBE_DNS_PORT_53_TCP_PROTO: "tcp",
      KUBE_DNS_PORT_53_TCP_PORT: "53",
      KUBE_DNS_PORT_53_TCP_ADDR: "10.0.0.10",
    });
  });

  it("puts an IPv6 address in brackets where a port follows", () => {
    const variables = serviceVariablesOf(podOf("shop"), [service("web", "shop", { clusterIP: "fd00::9" })]);
    expect(variables).toMatchObject({ WEB_SERVICE_HOST: "fd00::9", WEB_PORT: "tcp://[fd00::9]:80" });
  });

  it("gives a pod the Services of its own namespace, and always the API server", () => {
    const services = [service("web", "shop"), service("db", "other"), service("api", "default"), KUBERNETES];
    const hosts = (pod: EnvironmentPod): readonly string[] =>
      Object.keys(serviceVariablesOf(pod, services)).filter((name) => name.endsWith("_SERVICE_HOST"));
    expect(hosts(podOf("shop"))).toEqual(["KUBERNETES_SERVICE_HOST", "WEB_SERVICE_HOST"]);
    expect(hosts(podOf("shop", false))).toEqual(["KUBERNETES_SERVICE_HOST"]);
    expect(hosts(podOf("default", true))).toEqual(["API_SERVICE_HOST", "KUBERNETES_SERVICE_HOST"]);
  });

  it.each([
    [[KUBERNETES], [service("kubernetes", "shop")]],
    [[service("kubernetes", "shop")], [KUBERNETES]],
  ])("prefers a namespace's own kubernetes, in whatever order they come", (first, second) => {
    const variables = serviceVariablesOf(podOf("shop"), [...first, ...second]);
    expect(variables["KUBERNETES_SERVICE_HOST"]).toBe("10.0.0.9");
  });

  it("leaves out what has no address in the cluster", () => {
    const without = [
      service("headless", "shop", { clusterIP: "None" }),
      service("pending", "shop", { clusterIP: "" }),
      service("external", "shop", { type: "ExternalName", clusterIP: "10.0.0.9" }),
      { metadata: { name: "bare", namespace: "shop" } },
    ];
    expect(serviceVariablesOf(podOf("shop"), without)).toEqual({});
  });

  it("stands beneath envFrom and env, and $(VAR) sees it", () => {
    const container = {
      name: "main",
      envFrom: [{ configMapRef: { name: "settings" } }],
      env: [
        { name: "URL", value: "http://$(WEB_SERVICE_HOST):$(WEB_SERVICE_PORT)" },
        { name: "WEB_PORT", value: "mine" },
      ],
    };
    const { env } = environmentOf({
      pod: podOf("shop"),
      container,
      objects: {
        configMaps: new Map([["settings", { data: { WEB_SERVICE_PORT: "8080" } }]]),
        secrets: new Map(),
      },
      services: serviceVariablesOf(podOf("shop"), [service("web", "shop")]),
    });
    expect(env).toMatchObject({
      URL: "http://10.0.0.9:8080",
      WEB_SERVICE_PORT: "8080",
      WEB_PORT: "mine",
      WEB_SERVICE_HOST: "10.0.0.9",
    });
  });
});
