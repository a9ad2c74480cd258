// Works until it is asked to stop, then finishes what it had begun.
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  // WASI has no signals. A program that opens this file is sent the line `TERM` when it is to stop, and then has its
  // grace period; a program that never opens it is ended at once.
  int signals = open("/run/krustlet/signals", O_RDONLY);
  if (signals < 0) {
    perror("/run/krustlet/signals");
    return 1;
  }
  puts("working");
  for (;;) {
    // A real program does its work here, and looks at the file between two pieces of it.
    struct pollfd ready = {.fd = signals, .events = POLLRDNORM};
    if (poll(&ready, 1, 100) < 0) {
      perror("poll");
      return 1;
    }
    if (ready.revents == 0) continue;
    char line[16];
    ssize_t length = read(signals, line, sizeof line - 1);
    if (length <= 0) return 1;
    line[length] = '\0';
    printf("received %s", line);
    break;
  }
  usleep(200 * 1000);
  puts("everything is put away");
  return 0;
}
