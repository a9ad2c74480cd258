import type { KeyPair } from "./issue-certificate.ts";

/** What a kubeconfig says. */
export interface KubeconfigInit {
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly user: KeyPair | { readonly token: string };
  readonly namespace?: string;
}

/** Pure: a kubeconfig that stands alone: everything is in it. As JSON, which is YAML too. */
export function buildKubeconfig(init: KubeconfigInit): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const user =
    "token" in init.user
      ? { token: init.user.token }
      : {
          "client-certificate-data": base64(init.user.certificate),
          "client-key-data": base64(init.user.key),
        };
  const cluster = { server: init.server, "certificate-authority-data": base64(init.certificateAuthority) };
  const context = { cluster: "krustlet", user: "krustlet", namespace: init.namespace ?? "default" };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "krustlet", cluster }],
    users: [{ name: "krustlet", user }],
    contexts: [{ name: "krustlet", context }],
    "current-context": "krustlet",
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
