import { SETTINGS } from "./settings.ts";
import type { NodeConfig, SettingName } from "./settings.ts";
import type { Setting } from "./setting.ts";

/** Pure: the KubeletConfiguration that a node goes by, as `/configz` tells it. What is no field of one is left out. */
export function effectiveConfiguration(config: NodeConfig): Readonly<Record<string, unknown>> {
  const configuration: Record<string, unknown> = {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { anonymous: { enabled: false } },
    authorization: { mode: "Webhook" },
  };
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const { field, kind } = SETTINGS[name] as Setting<unknown>;
    const shown = field === undefined ? undefined : kind.show(config[name]);
    if (field === undefined || shown === undefined || shown === "") continue;
    let at = configuration;
    const path = field.split(".");
    for (const part of path.slice(0, -1)) at = at[part] = { ...(at[part] as Record<string, unknown>) };
    at[path.at(-1) ?? field] = shown;
  }
  return configuration;
}
