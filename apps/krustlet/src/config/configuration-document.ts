import { OTHER_FLAGS } from "./kubelet-flags.ts";
import { KUBELET_FIELDS } from "./kubelet-fields.ts";
import { SETTING_GROUPS } from "./setting.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

const OPENING = `# Configuring \`krustlet node\`

Generated from the tables in apps/krustlet/src/config; a test keeps the two equal.

A flag comes before an environment variable, that before the file of \`--config\`, that before the default. Lists and maps are
replaced, not merged. \`krustlet node --show-config\` prints the KubeletConfiguration that results; settings that are no field of it are not in it.

The file is YAML or JSON: a KubeletConfiguration (\`kubelet.config.k8s.io/v1beta1\`), or an object of Krustlet's own keys. Without
\`--config\`, \`<root>/config/config.json\` is read if it is there. Paths in a file start from its directory. Unknown fields, wrong
types and fields that cannot be honoured are refused by name and line.

`;

/** The text of docs/configuration.md. */
export function configurationDocument(): string {
  const settings = Object.values(SETTINGS) as Setting<unknown>[];
  const groups = SETTING_GROUPS.map((group) => {
    const rows = settings.filter((each) => each.group === group).map(rowOf);
    return `## ${group}\n\n| flag | variable | in a file | default | |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
  });
  return `${OPENING}${groups.join("\n")}\n${otherFields(new Set(settings.map(({ field }) => field)))}`;
}

function rowOf(setting: Setting<unknown>): string {
  const { flags, short, env, field, key, kind, help } = setting;
  const names = [...(short === undefined ? [] : [`-${short}`]), ...flags.map((flag) => `--${flag}`)];
  const file = [...new Set([field, key])].flatMap((each) => (each === undefined ? [] : [code(each)]));
  const cells = [
    `${names.map(code).join(", ")}${names.length > 0 ? ` ${cell(kind.value)}` : ""}`,
    (env ?? []).map(code).join(", "),
    file.join(", "),
    toldDefault(setting),
    cell(help),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** A default as the documentation and the help tell it; empty where there is none. */
export function toldDefault({ told, fallback, kind }: Setting<unknown>): string {
  if (told !== undefined) return told;
  const shown = kind.show(fallback);
  if (shown === "" || shown === undefined) return "";
  if (typeof shown !== "object" || shown === null)
    return code(typeof shown === "string" ? shown : JSON.stringify(shown));
  const entries = Object.entries(shown).map(
    ([name, value]) => `${name}${kind.value.includes("<") ? "<" : "="}${value}`,
  );
  return entries.length === 0 ? "" : code(entries.join(","));
}

function otherFields(settings: ReadonlySet<string | undefined>): string {
  const rows = Object.entries(KUBELET_FIELDS)
    .filter(([field]) => !settings.has(field))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([field, support]) => {
      if (support.support === "supported") return [];
      const but =
        support.support === "refused" ? (support.unless ?? []).map((value) => code(String(value))) : [];
      const word = `${support.support}${but.length > 0 ? `, but for ${but.join(", ")}` : ""}`;
      const flag = Object.entries(OTHER_FLAGS).find(([, of]) => of === field)?.[0];
      return [
        `| ${code(field)} | ${flag === undefined ? "" : code(`--${flag}`)} | ${word} | ${support.why} |`,
      ];
    });
  return `## The other fields of a KubeletConfiguration

- **ignored**: accepted and not read, because nothing is missed here.
- **refused**: the node does not start, because what would happen is not what was asked for. A field that is false, empty or null
  asks for nothing and is never refused.

Their flags are taken as well, so that the command line of a kubelet can be kept; the log says which are ignored.

| field | flag | | |
|---|---|---|---|
${rows.join("\n")}
`;
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
