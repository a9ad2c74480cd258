import { nodeClient, openKube } from "@krustlet/kube";
import { bootstrapNode } from "@krustlet/node";

/** A process that bootstraps a node and says when it is done; tests kill it on the way. */
const [nodeName = "", root = "", bootstrapKubeconfig = ""] = process.argv.slice(2);
const bootstrapped = await bootstrapNode({
  nodeName,
  kubeconfig: `${root}/kubeconfig`,
  bootstrapKubeconfig,
  directory: `${root}/pki`,
  open: async (kubeconfig) => {
    const kube = await openKube({ kubeconfig });
    return { client: nodeClient(kube), [Symbol.asyncDispose]: () => kube.close() };
  },
});
process.stdout.write(bootstrapped ? "asked\n" : "good\n");
