// Included ahead of a program: it says on the standard error how many nanoseconds passed from before its main until
// after it, by its own clock. So all runtimes are measured by what their guests see, and by nothing of their hosts.
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static struct timespec own_clock_begin;

__attribute__((constructor)) static void own_clock_start(void) { clock_gettime(CLOCK_MONOTONIC, &own_clock_begin); }

__attribute__((destructor)) static void own_clock_stop(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t seconds = now.tv_sec - own_clock_begin.tv_sec;
  fprintf(stderr, "%lld\n", (long long)(seconds * 1000000000 + now.tv_nsec - own_clock_begin.tv_nsec));
}
