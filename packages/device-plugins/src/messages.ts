/** What a plugin says of itself as it registers. */
export interface RegisterRequest {
  readonly version: string;
  readonly endpoint: string;
  readonly resource_name: string;
  readonly options: PluginOptions | null;
}

/** What a plugin wants to be asked. */
export interface PluginOptions {
  readonly pre_start_required: boolean;
}

/** All devices of a plugin; each list replaces the one before. */
export interface DeviceList {
  readonly devices: readonly { readonly ID: string; readonly health: string }[];
}

/** What a plugin gives for devices, one response for each container that was asked for. */
export interface AllocateAnswer {
  readonly container_responses: readonly ContainerAnswer[];
}

/** What one container gets with its devices. */
export interface ContainerAnswer {
  readonly envs: Readonly<Record<string, string>>;
  readonly mounts: readonly {
    readonly container_path: string;
    readonly host_path: string;
    readonly read_only: boolean;
  }[];
  readonly devices: readonly { readonly container_path: string; readonly host_path: string }[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly cdi_devices: readonly { readonly name: string }[];
}
