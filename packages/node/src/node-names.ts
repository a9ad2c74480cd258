import { KrustletError } from "@krustlet/interface";
import { isSubdomain } from "./label-syntax.ts";

/**
 * Pure: a machine's host name as a node has it: what the user gave, else the system's, in lower case.
 *
 * @throws KrustletError `InvalidField` where there is none.
 */
export function hostnameOf(given: string | undefined, system: string): string {
  const hostname = (given ?? system).trim().toLowerCase();
  if (hostname !== "") return hostname;
  throw new KrustletError("InvalidField", "The host name is empty; give one with --hostname.");
}

/**
 * Pure: the name of a node: what the user gave, else its host name.
 *
 * @throws KrustletError `InvalidField` where that cannot name a Node.
 */
export function nodeNameOf(given: string | undefined, hostname: string): string {
  const name = (given ?? hostname).trim();
  if (isSubdomain(name)) return name;
  const what = given === undefined ? "The host name" : "The node's name";
  const sentence = `${what} ${JSON.stringify(name)} cannot name a Node (small letters, digits, "-" and "."); give another with --node-name.`;
  throw new KrustletError("InvalidField", sentence);
}
