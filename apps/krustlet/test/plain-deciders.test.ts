import type { PodStatus, TerminatedStatus } from "@krustlet/pod-machine";
import { describe, expect, it } from "vitest";

import { parseCommandLine } from "../src/command-line.ts";
import { exitCodeOf } from "../src/exit-code-of.ts";
import { parseEnvFile, parseMemory, parsePublish, parseVolume } from "../src/parse-run-options.ts";
import { podOfModule } from "../src/pod-of-module.ts";
import { errorText } from "../src/report-error.ts";
import type { RunOptions } from "../src/run-options.ts";
import { stdinFor } from "../src/stdin-for.ts";

describe("a command line", () => {
  const options = {
    env: { type: "string", short: "e", multiple: true, help: "" },
    quiet: { type: "boolean", short: "q", help: "" },
  } as const;

  it("has options before and after its words, and leaves alone what comes after --", () => {
    const line = parseCommandLine(options, ["-e", "A=1", "x", "--env=B", "-q", "--", "-e", "--", "y"]);
    expect(line.positionals).toStrictEqual(["x"]);
    expect(line.texts("env")).toStrictEqual(["A=1", "B"]);
    expect(line.flag("quiet")).toBe(true);
    expect(line.rest).toStrictEqual(["-e", "--", "y"]);
  });
});

describe("options", () => {
  it("-v is host and guest, and colons of the host's path are its own", () => {
    expect(parseVolume("a:/b")).toStrictEqual({ host: "a", guest: "/b", readOnly: false });
    expect(parseVolume("a:/b:ro")).toStrictEqual({ host: "a", guest: "/b", readOnly: true });
    expect(parseVolume("a:b:/c:rw")).toStrictEqual({ host: "a:b", guest: "/c", readOnly: false });
  });

  it("-p is an address, a port of this machine and one of the guest's", () => {
    expect(parsePublish("80")).toMatchObject({ hostPort: 80, containerPort: 80 });
    expect(parsePublish("8080:80")).toMatchObject({ ip: undefined, hostPort: 8080, containerPort: 80 });
    expect(parsePublish("127.0.0.1:8080:80/tcp")).toMatchObject({ ip: "127.0.0.1", hostPort: 8080 });
    expect(parsePublish("[::1]:8080:80")).toMatchObject({ ip: "::1", hostPort: 8080 });
    for (const bad of ["", "a", "0", "1:2:3:4", "80:", "8080:80/udp"])
      expect(() => parsePublish(bad)).toThrow(/-p/);
  });

  it("--memory is docker's units, or a quantity", () => {
    expect(["64m", "1G", "512kb", "1000b", "64Mi", "1e6"].map((text) => parseMemory(text))).toStrictEqual([
      "64Mi",
      "1Gi",
      "512Ki",
      "1000",
      "64Mi",
      "1e6",
    ]);
  });

  it("--env-file skips comments and empty lines, and takes names alone from here", () => {
    const file = Buffer.from("# c\r\n\r\nA=1=2\n  B=x \nHERE\nABSENT\n");
    expect(parseEnvFile(file, "f", { HERE: "yes" })).toStrictEqual([
      ["A", "1=2"],
      ["B", "x "],
      ["HERE", "yes"],
    ]);
  });

  it.each([
    ["A=1\n=x", /^--env-file f, line 2: there is no name/],
    ["export A=1", /line 1: the name "export A" has a space in it/],
    ["A=\0", /line 1: there is a NUL character/],
    [Buffer.of(0x41, 0x3d, 0xff), /^--env-file f is not UTF-8 text/],
  ])("--env-file of %j is refused by its line", (content, says) => {
    expect(() => parseEnvFile(Buffer.from(content), "f", {})).toThrow(says);
  });
});

describe("the Pod of a module", () => {
  const options: RunOptions = {
    args: ["$(A)", "b"],
    env: [["A", "$$"]],
    volumes: [{ host: "x", guest: "/", readOnly: true }],
    ports: [{ ip: undefined, hostPort: 8080, containerPort: 80 }],
    network: undefined,
    name: undefined,
    restartPolicy: undefined,
    memory: "64Mi",
    cpus: "1",
    runtime: undefined,
    pullPolicy: undefined,
    json: false,
    quiet: false,
  };

  it("runs once, with what the options say, taken literally", () => {
    const pod = podOfModule({
      image: "/m/Hello_World.wasm",
      module: "Hello_World.wasm",
      uid: "u",
      options,
      sources: [{ path: "/x", isDirectory: false }],
    });
    expect(pod.metadata).toMatchObject({ name: "hello-world", namespace: "default", uid: "u" });
    expect(pod.metadata?.annotations).toEqual({ "krustlet.dev/isolated": "true" });
    expect(pod.spec).toMatchObject({
      restartPolicy: "Never",
      volumes: [{ name: "volume-0", hostPath: { path: "/x", type: "File" } }],
    });
    expect(pod.spec?.containers[0]).toMatchObject({
      name: "hello-world",
      args: ["$$(A)", "b"],
      env: [{ name: "A", value: "$$$$" }],
      resources: { limits: { memory: "64Mi", cpu: "1" } },
      volumeMounts: [{ name: "volume-0", mountPath: "/", readOnly: true }],
    });
  });

  it("has the machine's network where that is asked for, and one of its own else", () => {
    const init = { image: "i", module: "m", uid: "u", sources: [] };
    expect(podOfModule({ ...init, options }).spec?.hostNetwork).toBeUndefined();
    expect(podOfModule({ ...init, options: { ...options, network: "host" } }).spec?.hostNetwork).toBe(true);
  });

  it("is called module where a name has no letter that a Pod's may have", () => {
    expect(podOfModule({ image: "i", module: "___", uid: "u", options, sources: [] }).metadata?.name).toBe(
      "module",
    );
  });
});

describe("the exit code", () => {
  const status = (phase: PodStatus["phase"], ...codes: readonly (number | undefined)[]): PodStatus => ({
    phase,
    startTime: new Date(0),
    qosClass: "BestEffort",
    conditions: [],
    containerStatuses: codes.map((exitCode, index) => ({
      name: String(index),
      image: "i",
      imageID: "",
      restartCount: 0,
      started: false,
      ready: false,
      state:
        exitCode === undefined ? { waiting: { reason: "x" } } : { terminated: ended(exitCode, 10 - index) },
      lastState: {},
    })),
  });
  const ended = (exitCode: number, at: number): TerminatedStatus => ({
    exitCode,
    reason: "x",
    finishedAt: new Date(at),
  });

  it.each([
    ["a single container's own", status("Failed", 7), 7],
    ["0 where the pod has succeeded", status("Succeeded", 0, 0), 0],
    ["that of the container that failed first", status("Failed", 1, 0, 2), 2],
    ["none where nothing ever ran", status("Failed", undefined, undefined), undefined],
    ["0 where all that ran was well when it was stopped", status("Failed", 0, undefined), 0],
  ])("is %s", (_what, of, code) => {
    expect(exitCodeOf(of, false)).toBe(code);
    expect(exitCodeOf(of, true)).toBe(code);
  });

  it("is none where the user stopped the containers before they had begun", () => {
    const [lost] = status("Failed", 137).containerStatuses;
    if (lost?.state.terminated === undefined) throw new Error("it has one container, which has ended");
    const terminated = { ...lost.state.terminated, reason: "ContainerStatusUnknown" };
    const of = (state: PodStatus["containerStatuses"][number]["state"]): PodStatus => ({
      ...status("Failed"),
      containerStatuses: [{ ...lost, state }],
    });
    expect(exitCodeOf(of({ terminated }), true)).toBeUndefined();
    expect(exitCodeOf(of({ terminated }), false)).toBe(137);
    expect(exitCodeOf(of({ terminated: { ...terminated, startedAt: new Date(0) } }), true)).toBe(137);
  });
});

describe("stdin", () => {
  const stdin: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => [][Symbol.iterator]() as never };
  const pod = (
    ...containers: readonly { name: string; stdin?: boolean }[]
  ): Parameters<typeof stdinFor>[0][number] => ({
    metadata: { uid: "u" },
    spec: { containers: [...containers] },
  });

  it("goes to the one container, or to the one of several that asks for it", () => {
    const one = pod({ name: "a" });
    expect(stdinFor([one], stdin)(one, "a")).toBe(stdin);
    const none = pod({ name: "a" }, { name: "b" });
    expect(stdinFor([none], stdin)(none, "a")).toBeUndefined();
    const asks = pod({ name: "a" }, { name: "b", stdin: true });
    expect(stdinFor([asks], stdin)(asks, "a")).toBeUndefined();
    expect(stdinFor([asks], stdin)(asks, "b")).toBe(stdin);
  });
});

describe("the text of an error", () => {
  it.each([false, true])("cannot move a terminal's cursor, whatever it says; verbose: %s", (verbose) => {
    const error = new Error("no\u001b[2J", { cause: new Error("\u202erekcatta\u0007") });
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(errorText(error, verbose)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/u);
    expect(errorText(error, verbose)).toContain("krustlet: no�[2J\n");
  });
});
