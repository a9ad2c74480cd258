/**
 * `npm run cluster`: a control plane on loopback with one krustlet node, until Ctrl-C.
 */
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createNode } from "../create-node.ts";
import type { ControlPlane } from "../start-control-plane.ts";
import { startControlPlane } from "../start-control-plane.ts";

const checkout = join(import.meta.dirname, "..", "..", "..", "..");
const NODE_NAME = "krustlet";

const stopped = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
});

try {
  await using controlPlane = await startControlPlane({ report });
  const node = await joinNode(controlPlane);
  await tell(controlPlane);
  await stopped;
  report("Stopping …");
  await node.process.stop();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function joinNode(controlPlane: ControlPlane): ReturnType<typeof createNode> {
  const directory = join(controlPlane.address.directory, "node");
  const node = await createNode(controlPlane, {
    command: join(checkout, "krustlet"),
    name: NODE_NAME,
    directory,
    kubeconfig: join(directory, "kubeconfig"),
    bootstrap: await controlPlane.bootstrapKubeconfig(),
    // It is the only node: pods that tolerate nothing run too. Modules come from this machine's disk.
    args: ["--register-with-taints=", "--x-allow-local-modules"],
  });
  report(`Joining node ${NODE_NAME} …`);
  await node.process.start();
  return node;
}

async function tell({ adminKubeconfig, address }: ControlPlane): Promise<void> {
  const hello = join(address.directory, "hello.yaml");
  await writeFile(hello, helloPod(join(checkout, "demos", "hello", "build", "hello.wasm")));
  report(`
A cluster runs, of Kubernetes' own control plane and the node ${NODE_NAME}. In another shell:

  export KUBECONFIG=${adminKubeconfig}
  export PATH=${dirname(address.kubectl)}:$PATH
  kubectl get nodes -o wide
  kubectl apply -f ${hello}
  kubectl logs -f hello

Its logs: ${join(address.directory, "logs")}, ${join(address.directory, "node", "node.log")}
Ctrl-C takes all of it down.`);
}

/** A pod that runs a module of this machine. */
function helloPod(module: string): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: hello
spec:
  restartPolicy: Never
  containers:
    - name: hello
      image: fs/${module}
      args: [kubernetes]
`;
}

function report(line: string): void {
  process.stdout.write(`${line}\n`);
}
