import type { Guest } from "../guest.ts";
import type { DeviceNode, SignalsNode } from "../root-node.ts";
import type { Descriptor } from "./descriptor.ts";
import { FillDescriptor, SignalsDescriptor } from "./device-descriptors.ts";
import { SinkDescriptor, SourceDescriptor } from "./stream-descriptors.ts";

const DROP = { write: (): void => {} };

/** A descriptor of a device node or the signals file. */
export function openDevice(guest: Guest, node: DeviceNode | SignalsNode): Descriptor {
  if (node.kind === "signals") return new SignalsDescriptor(guest.signals);
  switch (node.device) {
    case "null":
      return new FillDescriptor();
    case "zero":
      return new FillDescriptor((bytes) => void bytes.fill(0));
    case "random":
      return new FillDescriptor((bytes) => guest.random(bytes));
    case "stdin":
      return new SourceDescriptor(guest.stdin);
    case "stdout":
      return new SinkDescriptor(guest.init.stdout ?? DROP);
    case "stderr":
      return new SinkDescriptor(guest.init.stderr ?? DROP);
  }
}
