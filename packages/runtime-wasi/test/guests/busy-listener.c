// Opens its signals file, computes for a tenth of a second, and only then looks whether it is to stop.
#include <stdio.h>
#include <time.h>

int main(void) {
  FILE *signals = fopen("/run/krustlet/signals", "r");
  if (signals == NULL) return 1;
  puts("computing");
  struct timespec begun, now;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  do clock_gettime(CLOCK_MONOTONIC, &now);
  while ((now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000 < 100);
  char line[16];
  if (fgets(line, sizeof line, signals) == NULL) return 2;
  printf("got %s", line);
  return 42;
}
