import { setting } from "../setting.ts";
import { choice, integer, PATH } from "../setting-kinds.ts";

const directories = "Directories";
const logs = "Logs of the node itself";

/** Where things are kept, and what the process says of itself. */
export const PROCESS_SETTINGS = {
  root: setting({
    group: directories,
    help: "where images, volumes, logs and keys are kept",
    kind: { ...PATH, value: "DIR" },
    flags: ["root", "root-dir", "data-dir"],
    env: ["KRUSTLET_DATA_DIR", "KRUSTLET_ROOT"],
    key: "dataDir",
    fallback: ({ root }) => root,
    told: "`/var/lib/krustlet` as root, else `~/.krustlet`",
  }),
  staticPodPath: setting({
    group: directories,
    help: "a directory of manifests of pods that run whatever the API server says",
    kind: { ...PATH, value: "DIR" },
    flags: ["pod-manifest-path"],
    field: "staticPodPath",
    fallback: "",
    told: "none",
  }),
  pluginsDir: setting({
    group: directories,
    help: "where CSI plugins put their sockets",
    kind: { ...PATH, value: "DIR" },
    flags: ["plugins-dir"],
    env: ["KRUSTLET_PLUGINS_DIR"],
    key: "pluginsDir",
    fallback: "",
    told: "`plugins_registry` in the root",
  }),
  devicePluginsDir: setting({
    group: directories,
    help: "where device plugins register, and have their sockets",
    kind: { ...PATH, value: "DIR" },
    flags: ["device-plugins-dir"],
    env: ["KRUSTLET_DEVICE_PLUGINS_DIR"],
    key: "devicePluginsDir",
    fallback: "",
    told: "`<root>/device-plugins`",
  }),
  verbosity: setting({
    group: logs,
    help: "0 information, 2 and more what each pod does, 4 and more everything; bare -v is 2",
    kind: { ...integer(0, 10, "LEVEL"), bare: "2" },
    flags: ["v"],
    short: "v",
    env: ["KRUSTLET_VERBOSITY"],
    field: "logging.verbosity",
    fallback: 0,
  }),
  logFormat: setting({
    group: logs,
    help: "how log lines are written to stderr; auto is text on a terminal, else JSON",
    kind: choice("auto", "text", "json"),
    flags: ["logging-format"],
    field: "logging.format",
    zeroIsUnset: true,
    fallback: "auto",
  }),
} as const;
