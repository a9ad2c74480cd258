// qsort (calls through a pointer) and a merge sort of as many numbers as the first argument says. Prints a checksum.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static void merge_sort(uint32_t *from, uint32_t *to, size_t count) {
  if (count < 2) return;
  size_t half = count / 2;
  merge_sort(to, from, half);
  merge_sort(to + half, from + half, count - half);
  size_t left = 0, right = half;
  for (size_t i = 0; i < count; i++)
    to[i] = right >= count || (left < half && from[left] <= from[right]) ? from[left++] : from[right++];
}

int main(int argc, char **argv) {
  size_t count = argc > 1 ? (size_t)atoi(argv[1]) : 60000;
  uint32_t *a = malloc(count * 4), *b = malloc(count * 4), *c = malloc(count * 4);
  uint32_t seed = 42;
  for (size_t i = 0; i < count; i++) {
    seed ^= seed << 13, seed ^= seed >> 17, seed ^= seed << 5;
    a[i] = b[i] = seed;
  }
  memcpy(c, b, count * 4);
  qsort(a, count, 4, compare);
  merge_sort(c, b, count);
  uint32_t sum = 0;
  for (size_t i = 0; i < count; i++) sum = sum * 31 + (a[i] ^ (b[i] << 1));
  printf("sort %08x %s\n", sum, memcmp(a, b, count * 4) == 0 ? "same" : "DIFFERENT");
  return 0;
}
