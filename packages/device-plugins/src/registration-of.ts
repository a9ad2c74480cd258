import { KrustletError } from "@krustlet/interface";

import { isExtendedResourceName } from "./extended-resource-name.ts";
import type { PluginOptions, RegisterRequest } from "./messages.ts";
import { shown } from "./shown.ts";

/** A plugin that may be talked to. */
export interface Registration {
  readonly resource: string;
  /** The name of its socket, beside the kubelet's own. */
  readonly endpoint: string;
  readonly options: PluginOptions | undefined;
}

/** The version of the API, as plugins name it. */
const VERSION = "v1beta1";
/** The name of the socket where plugins register. */
export const KUBELET_SOCKET = "kubelet.sock";

/**
 * Pure: what a plugin registers.
 * @throws KrustletError `InvalidField`: another version, a name that is no extended resource's, an endpoint that is no
 * plain file name.
 */
export function registrationOf(request: RegisterRequest): Registration {
  const { version, endpoint, resource_name: resource } = request;
  if (version !== VERSION) {
    throw invalid(
      `A device plugin speaks version ${shown(version)} of the device plugin API, and this node ${VERSION} alone`,
    );
  }
  if (!isExtendedResourceName(resource)) {
    throw invalid(
      `A device plugin registers ${shown(resource)}, which is no name of an extended resource as example.com/gpu is one`,
    );
  }
  const isPlain = endpoint !== "" && endpoint !== "." && endpoint !== ".." && !/[/\0]/u.test(endpoint);
  if (!isPlain || endpoint === KUBELET_SOCKET) {
    throw invalid(
      `The device plugin of ${resource} registers the endpoint ${shown(endpoint)}, which must be the name of its socket ` +
        `in the directory of ${KUBELET_SOCKET}`,
    );
  }
  return { resource, endpoint, options: request.options ?? undefined };
}

function invalid(sentence: string): KrustletError {
  return new KrustletError("InvalidField", `${sentence}.`);
}
