import type { Setting } from "./setting.ts";
import { CLUSTER_SETTINGS } from "./settings/cluster-settings.ts";
import { NODE_SETTINGS } from "./settings/node-settings.ts";
import { POD_SETTINGS } from "./settings/pod-settings.ts";
import { PROCESS_SETTINGS } from "./settings/process-settings.ts";
import { SERVER_SETTINGS } from "./settings/server-settings.ts";

/** Every setting of `krustlet node`: its help, its documentation and its precedence are made of this. */
export const SETTINGS = {
  ...CLUSTER_SETTINGS,
  ...NODE_SETTINGS,
  ...SERVER_SETTINGS,
  ...POD_SETTINGS,
  ...PROCESS_SETTINGS,
} as const;

/** A setting's name. */
export type SettingName = keyof typeof SETTINGS;

/** The settings of a node, checked; durations are in milliseconds, sizes in bytes, paths absolute. */
export type NodeConfig = {
  readonly [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer Value> ? Value : never;
};
