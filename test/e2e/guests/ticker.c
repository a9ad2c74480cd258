// Prints argv[1] ticks, 20 ms apart, and how late the latest of them was in milliseconds.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  int ticks = argc > 1 ? atoi(argv[1]) : 10;
  double latest = 0;
  for (int i = 1; i <= ticks; i++) {
    double begun = now();
    usleep(20 * 1000);
    double late = now() - begun - 20;
    if (late > latest) latest = late;
    printf("tick %d\n", i);
  }
  printf("latest %.1f\n", latest);
  return 0;
}
