/**
 * The Kubernetes device plugin API (v1beta1) as a node speaks it: plugins register, list their devices, and give them to
 * containers.
 *
 * @example
 * ```ts
 * import { startDevicePlugins } from "@krustlet/device-plugins";
 *
 * await using plugins = await startDevicePlugins({ directory: "/var/lib/krustlet/device-plugins" });
 * plugins.resources(); // { capacity: { "example.com/gpu": "2" }, reserved: { "example.com/gpu": "0" } }
 * const { env, mounts } = await plugins.allocate(pod, "main");
 * await plugins.release(pod.metadata.uid);
 * ```
 *
 * @packageDocumentation
 */
export type { DeviceContainer, DevicePod } from "./device-request-of.ts";
export type { DeviceResources } from "./resources-of.ts";
export { startDevicePlugins } from "./start-device-plugins.ts";
export type { ContainerDevices, DevicePlugins, DevicePluginsInit } from "./start-device-plugins.ts";
