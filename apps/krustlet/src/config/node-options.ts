import type { OptionSpec, OptionTable } from "../command-line.ts";
import { toldDefault } from "./configuration-document.ts";
import { isSwitch, OTHER_FLAGS } from "./kubelet-flags.ts";
import { SETTING_GROUPS } from "./setting.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** The options of `krustlet node`, by their groups. `--root` is one of every command. */
export function nodeOptions(): OptionTable {
  const table: Record<string, OptionSpec> = {
    config: {
      type: "string",
      value: "FILE",
      help: "a KubeletConfiguration, or Krustlet's own config.json (default <root>/config/config.json, if there)",
    },
    "show-config": { type: "boolean", help: "print what holds, as a KubeletConfiguration in JSON, and end" },
  };
  const settings = Object.values(SETTINGS) as Setting<unknown>[];
  for (const group of SETTING_GROUPS) {
    for (const setting of settings.filter((each) => each.group === group)) {
      for (const [index, flag] of setting.flags.entries()) {
        table[flag] = {
          type: "string",
          value: setting.kind.value,
          help: helpOf(setting),
          group,
          ...(setting.kind.bare === undefined ? {} : { bare: setting.kind.bare }),
          ...(index === 0 && setting.short !== undefined ? { short: setting.short } : {}),
          ...(index === 0 ? {} : { alias: true }),
        };
      }
    }
  }
  for (const flag of Object.keys(OTHER_FLAGS)) {
    table[flag] = {
      type: "string",
      help: "taken as the kubelet's",
      alias: true,
      ...(isSwitch(flag) ? { bare: "true" } : {}),
    };
  }
  return table;
}

function helpOf(setting: Setting<unknown>): string {
  const { help, flags, env = [], field, key } = setting;
  const told = toldDefault(setting).replaceAll("`", "");
  const also = [
    ...(told === "" ? [] : [`default ${told}`]),
    ...flags.slice(1).map((flag) => `also --${flag}`),
    ...env.map((variable) => `$${variable}`),
    ...(field === undefined ? (key === undefined ? [] : [`key ${key}`]) : [`field ${field}`]),
  ];
  return also.length === 0 ? help : `${help} (${also.join("; ")})`;
}
