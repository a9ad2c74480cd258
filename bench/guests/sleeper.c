// Says that it is up, sleeps for argv[1] milliseconds, prints by how many milliseconds it woke late, sleeps on.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  long wanted = argc > 1 ? atol(argv[1]) : 1000;
  struct timespec first = {wanted / 1000, wanted % 1000 * 1000000}, hour = {3600, 0};
  puts("up");
  fflush(stdout);
  double begun = now();
  nanosleep(&first, NULL);
  printf("%.3f\n", now() - begun - wanted);
  fflush(stdout);
  for (;;) nanosleep(&hour, NULL);
}
