// Fails in a function that has a name.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static int divide_by(volatile int *divisor) { return 100 / *divisor; }

__attribute__((noinline)) static int dive(volatile int *depth) {
  volatile char room[512];
  memset((char *)room, (*depth)++, sizeof room);
  return dive(depth) + room[7];
}

int main(int argc, char **argv) {
  volatile int zero = 0;
  printf("before\n");
  fflush(stdout);
  if (argc > 1 && strcmp(argv[1], "deep") == 0) return dive(&zero);
  if (argc > 1 && strcmp(argv[1], "abort") == 0) abort();
  return divide_by(&zero);
}
