import { KrustletError } from "@krustlet/interface";

import { textIn, textsIn } from "./rpc/read-answer.ts";

/** How a plugin wants to be known. */
export interface PluginRegistration {
  /** The driver's name; a plain file name, too. */
  readonly name: string;
  /** Absolute path of the driver's own socket. */
  readonly endpoint: string;
}

const MAX_NAME = 63;
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?$/u;
const VERSION = /^v?1(?:\.\d{1,4}){0,2}$/u;
/** What fits into the address of a unix socket. */
const MAX_PATH_BYTES = 107;

/** Whether `name` can be a CSI driver's: at most 63 letters, digits, `-` and `.`; no path is among them. */
export function isDriverName(name: string): boolean {
  return name.length <= MAX_NAME && NAME.test(name);
}

/**
 * Pure: what a plugin's `GetInfo` answered. `socket` is where it was asked, and its endpoint where it names none.
 * @throws KrustletError `InvalidField`, in one sentence for whoever wrote the plugin.
 */
export function parseRegistration(answer: unknown, socket: string): PluginRegistration {
  const where = `the plugin at ${socket}`;
  const type = textIn(answer, "type");
  if (type !== "CSIPlugin") throw refused(`${where} is of the type ${shown(type)}, not "CSIPlugin"`);
  const name = textIn(answer, "name");
  if (!isDriverName(name))
    throw refused(`${where} has the name ${shown(name)}, which no CSI driver can have`);
  const versions = textsIn(answer, "supported_versions");
  if (!versions.some((version) => VERSION.test(version))) {
    throw refused(`${where} supports the versions ${shown(versions.join(", "))} of CSI, none of them 1.x`);
  }
  const endpoint = textIn(answer, "endpoint") || socket;
  if (!isSocketPath(endpoint)) {
    throw refused(`${where} has the endpoint ${shown(endpoint)}, which is no absolute path of a socket`);
  }
  return { name, endpoint };
}

function isSocketPath(path: string): boolean {
  if (!path.startsWith("/") || Buffer.byteLength(path) > MAX_PATH_BYTES) return false;
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  return !/[\u0000-\u001F\u007F]/u.test(path) && !path.split("/").includes("..");
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

function refused(message: string): KrustletError {
  return new KrustletError("InvalidField", message);
}
