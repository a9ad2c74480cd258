import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The flags with which `./krustlet` starts Node. @throws Error where the launcher starts it in another way. */
export function launcherFlags(): readonly string[] {
  const launcher = readFileSync(join(import.meta.dirname, "..", "krustlet"), "utf8");
  const flags = /^exec "\$node" (?<flags>.+) -- "\$here\//mu.exec(launcher)?.groups?.["flags"];
  if (flags === undefined) throw new Error("./krustlet starts Node in a way that is not known here");
  return flags.split(" ");
}
