/** The programs that are built here. */
export type ProgramName =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubectl"
  | "kwok";

/** A Go module in `go/`, and what is built from it. */
export interface GoModule {
  /** Its directory in `go/`. */
  readonly name: string;
  /** The module whose version the programs carry. */
  readonly requires: string;
  /** Program to Go package. */
  readonly programs: Readonly<Partial<Record<ProgramName, string>>>;
  /** What the linker writes into the programs, given the version `vX.Y.Z` that go.mod requires. */
  readonly variablesOf: (version: string) => Readonly<Record<string, string>>;
}

/** A module each, because etcd's server and kwok require other versions of what Kubernetes requires. */
export const GO_MODULES: readonly GoModule[] = [
  {
    name: "etcd",
    requires: "go.etcd.io/etcd/server/v3",
    programs: { etcd: "go.etcd.io/etcd/server/v3" },
    variablesOf: () => ({}),
  },
  {
    name: "kubernetes",
    requires: "k8s.io/kubernetes",
    programs: {
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    },
    variablesOf: kubernetesVariables,
  },
  {
    name: "kwok",
    requires: "sigs.k8s.io/kwok",
    programs: { kwok: "sigs.k8s.io/kwok/cmd/kwok" },
    variablesOf: (version) => ({ "sigs.k8s.io/kwok/pkg/consts.Version": version }),
  },
];

/** The programs of a control plane. */
export const CONTROL_PLANE_PROGRAMS = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubectl",
] as const satisfies readonly ProgramName[];

/** Pure: the version that a go.mod requires of a module. */
export function requiredVersionOf(goMod: string, module: string): string {
  const line = goMod.split("\n").find((line) =>
    line
      .replace(/^require\s+/, "")
      .trim()
      .startsWith(`${module} v`),
  );
  const version = line?.split(`${module} `)[1]?.split(" ")[0];
  if (version === undefined) throw new Error(`go.mod requires no ${module}.`);
  return version;
}

/** Without them the programs take themselves for v0.0.0 and refuse what needs a newer one. */
function kubernetesVariables(version: string): Record<string, string> {
  const [major = "", minor = ""] = version.slice(1).split(".");
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  return Object.fromEntries(
    packages.flatMap((path) => Object.entries(values).map(([key, value]) => [`${path}.${key}`, value])),
  );
}
