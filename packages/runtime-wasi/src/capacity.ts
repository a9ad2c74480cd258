/** WebAssembly memories that one process can have: V8 reserves 8 GiB for each out of 128 TiB of addresses. */
const PROCESS_MEMORIES = 16_360;
/** Memory mappings that a suspended container takes: its linear memory, its stack, and their guard pages. */
const MAPS_PER_CONTAINER = 5;
/** Mappings that the process has besides: V8's own, libraries, threads. */
const MAPS_OF_PROCESS = 4_000;
/** Part of what is possible that is given out. Where the rest ends, V8 aborts the process instead of throwing. */
const SAFE_PART = 0.75;

/** How many containers one process can carry, and what bounds it. */
export interface Capacity {
  readonly containers: number;
  /** The bound as a clause for an error message. */
  readonly because: string;
}

/**
 * The containers that a process can carry safely.
 * @param maxMapCount The kernel's `vm.max_map_count`; absent where it is not known, which counts as 65,530.
 */
export function capacityOf(maxMapCount = 65_530): Capacity {
  const byMaps = Math.floor((Math.max(0, maxMapCount - MAPS_OF_PROCESS) / MAPS_PER_CONTAINER) * SAFE_PART);
  const byMemories = Math.floor(PROCESS_MEMORIES * SAFE_PART);
  return byMaps < byMemories
    ? {
        containers: byMaps,
        because: `vm.max_map_count is ${maxMapCount}, a suspended container takes ${MAPS_PER_CONTAINER} mappings, and a quarter is kept free`,
      }
    : {
        containers: byMemories,
        because: `a process has at most ${PROCESS_MEMORIES} WebAssembly memories, and a quarter is kept free`,
      };
}
