import type { Command } from "./command.ts";
import type { OptionTable } from "./command-line.ts";

/** Options of krustlet itself, without a command. */
export const OWN_OPTIONS: OptionTable = {
  version: { type: "boolean", short: "V", help: "print the version" },
};

/** Options that every command has. */
export const COMMON_OPTIONS: OptionTable = {
  root: {
    type: "string",
    value: "DIR",
    help: "where images and pods are kept (default /var/lib/krustlet as root, else ~/.krustlet; $KRUSTLET_ROOT)",
  },
  verbose: { type: "boolean", help: "say more: events, and errors with their causes and stack traces" },
  help: { type: "boolean", short: "h", help: "print this" },
};

const INSECURE_REGISTRY: OptionTable = {
  "insecure-registry": {
    type: "string",
    multiple: true,
    value: "HOST",
    help: "a registry that may be spoken to in plain HTTP (loopback always may)",
  },
};

const OUTPUT: OptionTable = {
  output: { type: "string", choices: ["text", "json"], help: "how to print (default text)" },
};

const QUIET: OptionTable = { quiet: { type: "boolean", short: "q", help: "no progress of pulls" } };

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  {
    name: "run",
    usage: "[options] <manifest.yaml | - | module.wasm | image> [-- arguments]",
    summary: "Run a Pod manifest, a .wasm file or an image",
    description: [
      "A manifest may hold Pods (or a Job, Deployment … whose pod template is run) with the ConfigMaps, Secrets and",
      "PersistentVolumeClaims that they name. Images that begin with ./, ../ or / are files beside the manifest.",
      "The exit code is the container's own or, of several, that of the first one that failed.",
      "Ctrl-C stops gracefully, twice kills.",
    ].join("\n"),
    options: {
      env: {
        type: "string",
        short: "e",
        multiple: true,
        value: "K[=V]",
        help: "an environment variable; without a value, yours",
      },
      "env-file": {
        type: "string",
        multiple: true,
        value: "FILE",
        help: "environment variables, one K=V a line",
      },
      volume: {
        type: "string",
        short: "v",
        multiple: true,
        value: "HOST:GUEST[:ro]",
        help: "a file or directory of yours; guest / makes it the root",
      },
      publish: {
        type: "string",
        short: "p",
        multiple: true,
        value: "[IP:]HOST:GUEST",
        help: "a listening socket for the guest, reached at a port of this machine",
      },
      network: {
        type: "string",
        choices: ["pod", "host"],
        help: "whose addresses the guest's sockets have: its own, or this machine's (default pod)",
      },
      name: { type: "string", value: "NAME", help: "name of the pod (default: the module's)" },
      restart: {
        type: "string",
        choices: ["no", "on-failure", "always"],
        help: "when to run it again (default no)",
      },
      memory: {
        type: "string",
        short: "m",
        value: "BYTES",
        help: "most memory: 64m, 1g, or a quantity such as 64Mi",
      },
      cpus: { type: "string", value: "CORES", help: "most CPU: 0.5, or a quantity such as 500m" },
      runtime: { type: "string", choices: ["wasi", "wasmer"], help: "what runs it (default wasi)" },
      pull: {
        type: "string",
        choices: ["always", "missing", "never"],
        help: "when to ask the registry (default missing)",
      },
      interactive: {
        type: "boolean",
        short: "i",
        help: "accepted for docker's sake: stdin is always passed on",
      },
      tty: {
        type: "boolean",
        short: "t",
        help: "accepted for docker's sake: a single container has your streams",
      },
      rm: { type: "boolean", help: "accepted for docker's sake: nothing is left of a container" },
      watch: {
        type: "string",
        value: "DIR",
        help: "instead of <what>: run every manifest in DIR, and follow changes",
      },
      ...OUTPUT,
      ...QUIET,
      ...INSECURE_REGISTRY,
    },
    examples: [
      "krustlet run hello.wasm -- one two",
      "krustlet run pod.yaml",
      "krustlet run -v .:/data:ro -e LANG registry.example/tools/grep:v1 -- -r needle /data",
    ],
    load: async () => (await import("./commands/run.ts")).run,
  },
  {
    name: "node",
    usage: "[options]",
    summary: "Join a Kubernetes cluster as a node that runs WebAssembly",
    description: [
      "Registers a Node, keeps its Lease and its status, and runs the pods that the scheduler gives it, until it is",
      "stopped; a second signal stops at once. docs/node.md tells how to join a cluster, docs/configuration.md what can be",
      "set. Log lines go to stderr.",
    ].join("\n"),
    options: async () => (await import("./commands/node.ts")).nodeOptions(),
    examples: [
      "krustlet node --kubeconfig node.kubeconfig --node-ip 192.0.2.10",
      "krustlet node --bootstrap-kubeconfig bootstrap.kubeconfig --node-labels zone=a --register-with-taints=",
      "krustlet node --config kubelet.yaml -v 2",
    ],
    load: async () => (await import("./commands/node.ts")).node,
  },
  {
    name: "bootstrap",
    usage: "[options]",
    summary: "Make a bootstrap token, and the kubeconfig with which a node joins",
    description: [
      "Needs a kubeconfig that may make Secrets in kube-system. The token is good for an hour; what lets its bearer in",
      "(ClusterRoleBindings) is made too, where the kubeconfig may do that. Prints the file that it has written; beside",
      "it is one for --client-ca-file, with the authority whose certificates name users.",
    ].join("\n"),
    options: {
      kubeconfig: {
        type: "string",
        value: "FILE",
        help: "how the API server is reached (default $KUBECONFIG, else ~/.kube/config)",
      },
      file: {
        type: "string",
        value: "FILE",
        help: "what is written (default <root>/config/bootstrap.conf)",
      },
      server: {
        type: "string",
        value: "URL",
        help: "how the node reaches the API server (default: as the kubeconfig does)",
      },
      force: { type: "boolean", help: "replace the file if it is there" },
    },
    examples: [
      "krustlet bootstrap --kubeconfig admin.conf --file bootstrap.conf",
      "krustlet node --bootstrap-kubeconfig bootstrap.conf",
    ],
    load: async () => (await import("./commands/bootstrap.ts")).bootstrap,
  },
  {
    name: "pull",
    usage: "[options] <image>…",
    summary: "Pull images",
    options: { ...QUIET, ...INSECURE_REGISTRY },
    load: async () => (await import("./commands/pull.ts")).pull,
  },
  {
    name: "images",
    usage: "[options] | rm <image>… | prune",
    summary: "List images, remove them, or free what no image needs",
    options: OUTPUT,
    load: async () => (await import("./commands/images.ts")).images,
  },
  {
    name: "inspect",
    usage: "[options] <image | file>",
    summary: "Show kind, size, digest, imports and exports of a module",
    options: { ...OUTPUT, ...QUIET, ...INSECURE_REGISTRY },
    load: async () => (await import("./commands/inspect.ts")).inspect,
  },
];
