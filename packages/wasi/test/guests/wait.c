// Waits in the way that its first argument says.
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double since(const struct timespec *start) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - start->tv_sec) * 1e3 + (now.tv_nsec - start->tv_nsec) / 1e6;
}

int main(int argc, char **argv) {
  struct timespec start;
  clock_gettime(CLOCK_MONOTONIC, &start);
  if (strcmp(argv[1], "sleep") == 0) {
    double wanted = atof(argv[2]);
    struct timespec time = {wanted / 1e3, (long)((long long)(wanted * 1e6) % 1000000000LL)};
    nanosleep(&time, NULL);
    double took = since(&start);
    printf(took < wanted ? "early %f\n" : "slept\n", took);
  } else if (strcmp(argv[1], "poll") == 0) {
    struct pollfd wait = {.fd = 0, .events = POLLRDNORM};
    int ready = poll(&wait, 1, atoi(argv[2]));
    if (ready == 0) printf("timeout\n");
    else {
      char text[16];
      ssize_t length = read(0, text, sizeof text);
      printf("ready %s%.*s\n", (wait.revents & POLLHUP) ? "hangup " : "", (int)length, text);
    }
  } else if (strcmp(argv[1], "spin") == 0) {
    // Asks without waiting until something is there: the event loop has to turn meanwhile.
    struct pollfd wait = {.fd = 0, .events = POLLRDNORM};
    while (poll(&wait, 1, 0) == 0) {}
    printf("came\n");
  } else if (strcmp(argv[1], "forever") == 0) {
    for (;;) sleep(3600);
  }
  return 0;
}
