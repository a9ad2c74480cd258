/** Where a guest's writes go. */
export interface ByteSink {
  /**
   * Takes one write of the guest; the chunk is the sink's own. While a returned promise is pending the guest is
   * suspended in that write. A throw or rejection becomes the guest's errno: that of an error with a known `code`
   * (`EPIPE`, `ENOSPC` …), otherwise `EPIPE`.
   */
  write(chunk: Uint8Array): void | Promise<void>;
}

/** Where a guest's reads come from. */
export interface ByteSource {
  /**
   * The next bytes, at most `max`, which is never 0; an empty array is the end of file. While a returned promise is
   * pending the guest is suspended in its read or `poll_oneoff`. Never called again before the last call settled, so
   * readiness needs no call of its own: a guest that polls makes the host read ahead, one chunk at most.
   */
  read(max: number): Uint8Array | Promise<Uint8Array>;
}

/** A source over any async iterable of chunks (a Node `Readable` is one); chunks are handed out in pieces where needed. */
export function byteSourceOf(chunks: AsyncIterable<Uint8Array>): ByteSource {
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let rest: Uint8Array | undefined;
  const take = (max: number): Uint8Array => {
    const chunk = rest ?? new Uint8Array();
    rest = chunk.length > max ? chunk.subarray(max) : undefined;
    return chunk.length > max ? chunk.subarray(0, max) : chunk;
  };
  const pull = async (max: number): Promise<Uint8Array> => {
    iterator ??= chunks[Symbol.asyncIterator]();
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) return new Uint8Array();
      if (next.value.length > 0) {
        rest = next.value;
        return take(max);
      }
    }
  };
  return { read: (max) => (rest === undefined ? pull(max) : take(max)) };
}
