import { randomBytes } from "node:crypto";

import type { ContainerExit, ContainerIo, RunningContainer } from "@krustlet/interface";
import { KrustletError } from "@krustlet/interface";
import type { V1Container } from "@kubernetes/client-node";

import { withDevices } from "../container-devices.ts";
import { containerEnvironment } from "../container-environment.ts";
import { openContainerOutput } from "../container-output.ts";
import type { ContainerOutputSink } from "../container-output.ts";
import { buildContainerPlan } from "../container-plan.ts";
import { resourcesOf } from "../container-resources.ts";
import { shortened, startFailureOf, startMessageOf } from "../failure-reason.ts";
import { forgetLogs } from "../forget-logs.ts";
import type { HeldContainer, PodContext } from "../pod-context.ts";
import { terminationPathOf } from "../pod-paths.ts";
import { requireNonRoot } from "../require-non-root.ts";
import { openTerminationLog, readTerminationMessage } from "../termination-message.ts";
import { runtimeOf } from "./admit.ts";
import type { ActionOf, Effect } from "./effect.ts";

/** Starts a container, and tells its exit when it comes. */
export const start: Effect<"start"> = async (context, action, signal) => {
  const { container, attempt, restartCount } = action;
  const over = new AbortController();
  const starting = startContainer(context, action, signal);
  const held: HeldContainer = {
    attempt,
    restartCount,
    over: over.signal,
    running: undefined,
    begun: settled(starting, (started) => {
      held.running = started.running;
    }),
    ended: Promise.resolve(),
  };
  context.containers.set(container, held);
  try {
    const started = await starting;
    held.ended = tellExit(context, action, started).finally(() => {
      over.abort();
      if (context.containers.get(container) === held) context.containers.delete(container);
    });
    const containerID = `${started.runtime}://${started.running.id}`;
    return { type: "started", at: started.running.startedAt, container, attempt, containerID };
  } catch (error) {
    context.containers.delete(container);
    over.abort();
    if (signal.aborted) return undefined;
    context.outputs.fail({ pod: context.key, action: "start", container, error });
    const reason = startFailureOf(error);
    return {
      type: "startFailed",
      at: context.now(),
      container,
      attempt,
      reason,
      message: startMessageOf(error),
    };
  }
};

async function settled<T>(promise: Promise<T>, done: (value: T) => void): Promise<void> {
  try {
    done(await promise);
  } catch {
    // Whoever began it tells why; here only the end of it counts.
  }
}

interface Started {
  readonly runtime: string;
  readonly running: RunningContainer;
  readonly output: ContainerOutputSink;
  readonly spec: V1Container;
  readonly terminationPath: string;
}

async function startContainer(
  context: PodContext,
  action: ActionOf<"start">,
  signal: AbortSignal,
): Promise<Started> {
  const { kubelet, pod, key } = context;
  const { container: name, attempt, restartCount } = action;
  const spec = context.containerSpec(name);
  const image = context.images.get(name);
  if (image === undefined) throw new Error(`container ${name} is started before its image is there`);
  const podIPs = context.address === undefined ? kubelet.node.hostIPs : [context.address.address];
  const node = { ...kubelet.node, podIPs };
  const services = await kubelet.serviceVariables?.(pod, signal);
  signal.throwIfAborted();
  const { objects } = kubelet;
  const { env, skipped } = await containerEnvironment(pod, spec, { objects, node, services, signal });
  for (const message of skipped) kubelet.onWarning?.(key, message);
  const volumes = await context.mounting;
  const mounts = (await volumes?.mountsOf(name, env)) ?? [];
  const devices = await kubelet.devices?.allocate(pod, name, { signal });
  signal.throwIfAborted();
  for (const message of devices?.withheld ?? []) kubelet.onWarning?.(key, message, "DeviceWithheld");
  const own = withDevices({ env, mounts }, devices, name);
  requireNonRoot(pod, spec);
  const terminationPath = terminationPathOf(kubelet.rootDir, key, name, attempt);
  const terminationLog = await openTerminationLog(spec, terminationPath);
  const id = randomBytes(32).toString("hex");
  const plan = buildContainerPlan({
    id,
    pod,
    container: spec,
    image,
    env: own.env,
    mounts: [...own.mounts, terminationLog],
    resources: resourcesOf(spec),
    address: context.address?.address,
  });
  const handler = runtimeOf(context);
  if (handler.found !== "runtime") throw new KrustletError("RuntimeNotFound", handler.message);
  const makeRuntime = kubelet.runtimes.get(handler.runtime);
  if (makeRuntime === undefined) throw new Error(`no runtime ${handler.runtime}`);
  const runtime = await makeRuntime();
  signal.throwIfAborted();
  // Before anything is made of it that only a checkpoint leads to.
  await context.outputs.begins(name, {
    attempt,
    containerID: `${runtime.name}://${id}`,
    startedAt: context.now(),
  });
  signal.throwIfAborted();
  void forgetLogs(context, name, restartCount);
  const output = openContainerOutput(context, name, restartCount);
  try {
    const io: ContainerIo = {
      stdin: kubelet.stdinOf?.(pod, name),
      write: (stream, chunk) => output.write(stream, chunk),
    };
    const running = await runtime.start(plan, io, { signal });
    if (signal.aborted) {
      await running[Symbol.asyncDispose]();
      throw signal.reason;
    }
    return { runtime: runtime.name, running, output, spec, terminationPath };
  } catch (error) {
    await output[Symbol.asyncDispose]();
    throw error;
  }
}

async function tellExit(context: PodContext, action: ActionOf<"start">, started: Started): Promise<void> {
  const { container, attempt } = action;
  const { running, output } = started;
  const exit = await running.exited;
  // A trap's message and backtrace belong where a native program's would be: at the end of its stderr.
  if (exit.message !== undefined) await output.write("stderr", Buffer.from(`${exit.message.trimEnd()}\n`));
  await output[Symbol.asyncDispose]();
  try {
    await running[Symbol.asyncDispose]();
  } catch (error) {
    // It has ended all the same, and whoever waits for that is told.
    context.outputs.fail({ pod: context.key, action: "kill", container, error });
  }
  const message = await lastWords(started, exit);
  context.outputs.emit({
    type: "exited",
    at: context.now(),
    container,
    attempt,
    exitCode: exit.exitCode,
    reason: exit.reason,
    message,
    startedAt: exit.startedAt,
    finishedAt: exit.finishedAt,
  });
}

async function lastWords(started: Started, exit: ContainerExit): Promise<string | undefined> {
  const message = await readTerminationMessage({
    policy: started.spec.terminationMessagePolicy,
    path: started.terminationPath,
    logPath: started.output.logPath,
    exitCode: exit.exitCode,
  });
  return message === "" ? exit.message && shortened(exit.message) : message;
}
