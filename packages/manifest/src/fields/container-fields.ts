import { ignored, ignoredLoudly, onNode, refused, supported, supportedAs } from "./field-support.ts";
import type { FieldSupport, FieldTable } from "./field-support.ts";

const probe = ignoredLoudly("probes are not run; the container counts as started and ready while it runs");
const noPrivileges = "a WebAssembly guest makes no system calls, so it has no privileges to gain or lose";

/** Of a container, and of its pod. */
export const nonRoot: FieldSupport = supportedAs(
  "with `runAsUser: 0` the container is not made; else a guest has no user, and is not root's",
);

/** Fields of a container, by their path within it. */
export const CONTAINER_FIELDS: FieldTable = {
  args: supported,
  command: supportedAs("`argv[0]` is the command, or the module's name"),
  env: supported,
  "env[].valueFrom.fileKeyRef": refused("environment variables from files are not supported"),
  envFrom: supported,
  image: supported,
  imagePullPolicy: supported,
  lifecycle: ignoredLoudly(
    "lifecycle hooks are not run; a guest that opens /run/krustlet/signals is asked to stop there",
  ),
  livenessProbe: probe,
  name: supported,
  ports: onNode(
    supportedAs(
      "each TCP port is a socket that listens before the guest starts, and the one it gets that binds this port itself",
    ),
    supportedAs("the same; a `hostPort` that is taken is refused (`NodePorts`)"),
  ),
  readinessProbe: probe,
  resizePolicy: ignored("a running container is not resized"),
  "resources.claims": refused("dynamic resource allocation is not supported"),
  "resources.limits": onNode(
    supportedAs("`cpu`, `memory` and `ephemeral-storage`; others are ignored"),
    supportedAs("`cpu`, `memory`, `ephemeral-storage` and the devices of plugins; others are ignored"),
  ),
  "resources.requests": onNode(
    supportedAs("`cpu` and `memory`; others are ignored"),
    supportedAs("all count for admission (`OutOfcpu` …); `cpu` shares busy threads"),
  ),
  restartPolicy: supportedAs("`Always` on an init container makes it a sidecar"),
  restartPolicyRules: supported,
  securityContext: ignored(noPrivileges),
  "securityContext.appArmorProfile": onNode(
    ignored(noPrivileges),
    supportedAs("`Localhost` is refused (`AppArmor`)"),
  ),
  "securityContext.capabilities.add": ignoredLoudly(noPrivileges),
  "securityContext.privileged": ignoredLoudly(noPrivileges),
  "securityContext.runAsNonRoot": nonRoot,
  startupProbe: probe,
  stdin: onNode(supported, ignored("nothing can be attached; the guest reads the end of its input")),
  stdinOnce: onNode(supported, ignored("nothing can be attached")),
  terminationMessagePath: supported,
  terminationMessagePolicy: supported,
  tty: ignoredLoudly("WebAssembly guests have no terminals; the container gets plain streams"),
  volumeDevices: refused("WASI has no block devices; mount a volume instead"),
  "volumeMounts[].mountPath": supported,
  "volumeMounts[].mountPropagation": ignored("a guest makes no mounts, and sees those that the host makes"),
  "volumeMounts[].name": supported,
  "volumeMounts[].readOnly": supported,
  "volumeMounts[].recursiveReadOnly": ignored("a read-only mount is read-only all the way down"),
  "volumeMounts[].subPath": supported,
  "volumeMounts[].subPathExpr": supported,
  workingDir: supportedAs("told to the guest by the environment variable `PWD`"),
};
