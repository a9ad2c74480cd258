import { bootstrapNode } from "@krustlet/node";
import { openNodeClient } from "./node-rights.ts";

/** A process that bootstraps a node and says when it is done; tests kill it on the way. */
const [nodeName = "", root = "", bootstrapKubeconfig = ""] = process.argv.slice(2);
const bootstrapped = await bootstrapNode({
  nodeName,
  kubeconfig: `${root}/kubeconfig`,
  bootstrapKubeconfig,
  directory: `${root}/pki`,
  open: openNodeClient,
});
process.stdout.write(bootstrapped ? "asked\n" : "good\n");
