import { describe, expect, it } from "vitest";

import { parseCommandLine } from "../src/command-line.ts";
import { KUBELET_FIELDS } from "../src/config/kubelet-fields.ts";
import { OTHER_FLAGS, warningsOfOtherFlags } from "../src/config/kubelet-flags.ts";
import { nodeOptions } from "../src/config/node-options.ts";
import { commandHelpOf } from "../src/help.ts";

const OPTIONS = nodeOptions();

describe("the options of krustlet node", () => {
  it.each([
    ["-v=4", "v", "4"],
    ["-v 4", "v", "4"],
    ["-v4", "v", "4"],
    ["--v=4", "v", "4"],
    ["-v", "v", "2"],
    ["-v --max-pods 5", "v", "2"],
    ["--enable-server=false", "enable-server", "false"],
    ["--enable-server", "enable-server", "true"],
    ["--register-with-taints=", "register-with-taints", ""],
    ["-n 192.0.2.1 -p 3000 -a ::", "node-ip", "192.0.2.1"],
    ["--hostname-override edge", "hostname-override", "edge"],
  ])("%s", (text, name, value) => {
    expect(parseCommandLine(OPTIONS, text.split(" ")).text(name)).toBe(value);
  });
  it("that nobody has are refused by name", () => {
    expect(() => parseCommandLine(OPTIONS, ["--max-pod", "5"])).toThrow("--max-pod");
  });
  it("are shown under their headings, each once, with everywhere else that it may come from", () => {
    const command = { name: "node", usage: "", summary: "Run", options: OPTIONS };
    const help = commandHelpOf(command, {});
    expect(help).toContain("\nNode:\n");
    expect(help).toMatch(/ +--max-pods N +most pods \(default 110; \$MAX_PODS; field maxPods\)\n/u);
    expect(help).toMatch(/-p, --port PORT +.*\(default 10250; \$KRUSTLET_PORT; field port\)/u);
    expect(help).not.toMatch(/^ +--addr /mu);
    expect(help).toContain("also --addr");
  });
});

describe("the kubelet's other flags", () => {
  it("are those of fields that are no settings", () => {
    const honoured = Object.values(OTHER_FLAGS).filter(
      (field) => !/^(?:ignored|refused)$/u.test(KUBELET_FIELDS[field]?.support ?? ""),
    );
    expect(honoured).toEqual([]);
  });
  it("are taken where nothing is missed, and told", () => {
    const args = [
      "--container-runtime-endpoint=unix:///x.sock",
      "--fail-swap-on",
      "--read-only-port=0",
      "--anonymous-auth=false",
    ];
    const line = parseCommandLine(OPTIONS, args);
    const flags = Object.fromEntries(Object.keys(OTHER_FLAGS).map((flag) => [flag, line.text(flag)]));
    expect(warningsOfOtherFlags(flags)).toEqual([
      "--container-runtime-endpoint is ignored: the runtimes are part of this process",
      "--fail-swap-on is ignored: swap is no obstacle: it is told in the Node's status",
    ]);
  });
  it("are refused with the reason where they cannot be honoured", () => {
    expect(() => warningsOfOtherFlags({ "anonymous-auth": "true" })).toThrow(
      '--anonymous-auth "true": the API of a node is not open to everybody',
    );
    expect(() => warningsOfOtherFlags({ "authorization-mode": "AlwaysAllow" })).toThrow(
      "only Webhook can be",
    );
    expect(warningsOfOtherFlags({ "authorization-mode": "Webhook" })).toEqual([]);
  });
});
