/** Bytes of a page of linear memory. */
const PAGE_BYTES = 65_536;
/** Pages that a 32-bit memory can have: 4 GiB. */
const MAX_PAGES = 65_536;

/** Whole pages that fit into `bytes`, at most what a 32-bit memory can have. */
export function pagesOf(bytes: number): number {
  return Math.min(MAX_PAGES, Math.floor(bytes / PAGE_BYTES));
}

/** The pages that a guest's memory begins with and may grow to. */
export interface MemoryPages {
  readonly initial: number;
  readonly maximum: number;
}

/**
 * What the host makes a guest's memory of: its own maximum, lowered to the limit.
 * Undefined when it does not fit into the limit even at its start.
 */
export function planMemory(
  declared: { readonly minPages: number; readonly maxPages?: number },
  limitPages: number,
): MemoryPages | undefined {
  if (declared.minPages > limitPages) return undefined;
  return { initial: declared.minPages, maximum: Math.min(declared.maxPages ?? MAX_PAGES, limitPages) };
}
