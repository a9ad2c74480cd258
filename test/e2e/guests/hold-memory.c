// Waits argv[2] seconds, takes argv[1] MiB of memory, says so, and keeps it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *volatile latest;

int main(int argc, char **argv) {
  (void)argc;
  sleep(atoi(argv[2]));
  for (long i = atol(argv[1]); i > 0; i--) {
    char *block = malloc(1 << 20);
    if (block == NULL) return 1;
    memset(block, 1, 1 << 20);
    latest = block;
  }
  puts("holding");
  fflush(stdout);
  for (;;) sleep(3600);
}
