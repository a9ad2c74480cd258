import { readFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { clusterFilesOf, readKeyPair } from "../pki/cluster-files.ts";
import type { ComponentPlan } from "./plan-components.ts";

/**
 * Asks once whether a component is ready whose process began at `since` (in milliseconds since 1970); what it says
 * instead, or why it does not answer, where it is not.
 */
export type ReadyProbe = (since: number) => Promise<true | string>;

/** Makes the probe of a component. */
export async function readyProbeOf(directory: string, plan: ComponentPlan): Promise<ReadyProbe> {
  const ca = await readFile(clusterFilesOf(directory).pki(`${plan.authority}.crt`), "utf8");
  const client = plan.client === undefined ? undefined : await readKeyPair(directory, plan.client);
  const agent = new Agent({
    ca,
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
  });
  return () =>
    new Promise((resolve) => {
      const asked = request(plan.readyUrl, { agent, timeout: 2000 }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (text: string) => (body += text));
        answer.once("close", () =>
          resolve(answer.statusCode === 200 ? true : `${answer.statusCode}: ${body}`),
        );
      });
      asked.once("timeout", () => asked.destroy(new Error("no answer within 2 s")));
      asked.once("error", (error) => resolve(error.message));
      asked.end();
    });
}
