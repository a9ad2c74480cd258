import { setting } from "../setting.ts";
import { BYTES, choice, DURATION, integer, LIST, BOOLEAN } from "../setting-kinds.ts";

const pods = "Pods";
const images = "Images";

/** How pods are run, and what becomes of their images. */
export const POD_SETTINGS = {
  podAddresses: setting({
    group: pods,
    help: "loopback: each pod has an address of 127.0.0.0/8; node: pods share the node's",
    kind: choice("loopback", "node"),
    flags: ["pod-addresses"],
    env: ["KRUSTLET_POD_ADDRESSES"],
    key: "podAddresses",
    fallback: "loopback",
  }),
  containerLogMaxSize: setting({
    group: pods,
    help: "bytes of a container's log file before it is rotated",
    kind: BYTES,
    flags: ["container-log-max-size"],
    field: "containerLogMaxSize",
    zeroIsUnset: true,
    fallback: 10 * 1024 * 1024,
  }),
  containerLogMaxFiles: setting({
    group: pods,
    help: "log files of a container",
    kind: integer(2, 1000),
    flags: ["container-log-max-files"],
    field: "containerLogMaxFiles",
    fallback: 5,
  }),
  shutdownGracePeriod: setting({
    group: pods,
    help: "what pods have to end when the node is stopped; 0 stops them with the process",
    kind: DURATION,
    flags: [],
    field: "shutdownGracePeriod",
    fallback: 0,
  }),
  shutdownGracePeriodCriticalPods: setting({
    group: pods,
    help: "what of it is left to critical pods",
    kind: DURATION,
    flags: [],
    field: "shutdownGracePeriodCriticalPods",
    fallback: 0,
  }),
  imageMinimumGCAge: setting({
    group: images,
    help: "how long an unused image is kept at least",
    kind: DURATION,
    flags: ["minimum-image-ttl-duration"],
    field: "imageMinimumGCAge",
    zeroIsUnset: true,
    fallback: 120_000,
  }),
  imageMaximumGCAge: setting({
    group: images,
    help: "after how long an unused image goes; 0 is never",
    kind: DURATION,
    flags: [],
    field: "imageMaximumGCAge",
    fallback: 0,
  }),
  imageGCHighThresholdPercent: setting({
    group: images,
    help: "disk use from which images are removed",
    kind: integer(0, 100, "PERCENT"),
    flags: ["image-gc-high-threshold"],
    field: "imageGCHighThresholdPercent",
    fallback: 85,
  }),
  imageGCLowThresholdPercent: setting({
    group: images,
    help: "disk use down to which they are removed",
    kind: integer(0, 100, "PERCENT"),
    flags: ["image-gc-low-threshold"],
    field: "imageGCLowThresholdPercent",
    fallback: 80,
  }),
  insecureRegistries: setting({
    group: images,
    help: "registries that may be spoken to in plain HTTP (loopback always may)",
    kind: { ...LIST, value: "HOST,HOST" },
    flags: ["insecure-registries", "insecure-registry"],
    env: ["KRUSTLET_INSECURE_REGISTRIES"],
    key: "insecureRegistries",
    fallback: [],
  }),
  allowLocalModules: setting({
    group: images,
    help: "run images fs//absolute/path.wasm from this machine's disk: any user of the cluster may then read such files",
    kind: BOOLEAN,
    flags: ["x-allow-local-modules"],
    env: ["KRUSTLET_ALLOW_LOCAL_MODULES"],
    key: "allowLocalModules",
    fallback: false,
  }),
} as const;
