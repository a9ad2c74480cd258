// An LZ77 compressor with hash chains, and its decompressor, over as many kilobytes of made-up text as the first
// argument says. Prints the compressed size and whether the text came back.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 1 << 15, HASHES = 1 << 14, SHORTEST = 4, LONGEST = 255, TRIES = 16 };

static int32_t heads[HASHES], links[WINDOW];

static uint32_t hash_of(const uint8_t *at) {
  uint32_t four;
  memcpy(&four, at, 4);
  return four * 2654435761u >> 18;
}

static size_t match_length(const uint8_t *a, const uint8_t *b, size_t limit) {
  size_t length = 0;
  while (length < limit && a[length] == b[length]) length++;
  return length;
}

static size_t pack(const uint8_t *in, size_t size, uint8_t *out) {
  memset(heads, 0xff, sizeof heads);
  size_t at = 0, written = 0;
  while (at < size) {
    size_t best = 0, distance = 0;
    if (at + SHORTEST <= size) {
      size_t limit = size - at < LONGEST ? size - at : LONGEST;
      int32_t from = heads[hash_of(in + at)];
      for (int tries = TRIES; tries > 0 && from >= 0 && at - (size_t)from < WINDOW; tries--) {
        size_t length = match_length(in + from, in + at, limit);
        if (length > best) best = length, distance = at - (size_t)from;
        from = links[from & (WINDOW - 1)];
      }
    }
    size_t step = best >= SHORTEST ? best : 1;
    if (step == 1) {
      out[written++] = 0;
      out[written++] = in[at];
    } else {
      out[written++] = (uint8_t)step;
      out[written++] = (uint8_t)distance;
      out[written++] = (uint8_t)(distance >> 8);
    }
    for (size_t end = at + step; at < end; at++) {
      if (at + SHORTEST > size) continue;
      uint32_t hash = hash_of(in + at);
      links[at & (WINDOW - 1)] = heads[hash];
      heads[hash] = (int32_t)at;
    }
  }
  return written;
}

static size_t unpack(const uint8_t *in, size_t size, uint8_t *out) {
  size_t at = 0, written = 0;
  while (at < size) {
    size_t length = in[at++];
    if (length == 0) {
      out[written++] = in[at++];
      continue;
    }
    size_t distance = in[at] | (size_t)in[at + 1] << 8;
    at += 2;
    for (; length > 0; length--, written++) out[written] = out[written - distance];
  }
  return written;
}

int main(int argc, char **argv) {
  static const char *words[] = {"pod ", "node ", "the ", "container ", "volume ", "is ", "of ", "guest ", "wasm ", "run, ", "stop. ", "a "};
  size_t size = (argc > 1 ? (size_t)atoi(argv[1]) : 512) << 10;
  uint8_t *text = malloc(size), *packed = malloc(size * 2 + 16), *back = malloc(size);
  uint32_t seed = 7;
  for (size_t at = 0; at < size;) {
    seed = seed * 1664525 + 1013904223;
    const char *word = words[(seed >> 20) % 12];
    for (; *word && at < size; word++) text[at++] = (uint8_t)*word;
    if (seed >> 28 == 0 && at < size) text[at++] = (uint8_t)(seed >> 12);
  }
  size_t length = pack(text, size, packed);
  size_t again = unpack(packed, length, back);
  printf("compress %zu %s\n", length, again == size && memcmp(text, back, size) == 0 ? "same" : "DIFFERENT");
  return 0;
}
