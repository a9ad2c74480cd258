// Leaves a line in the file that it is given, and goes on until it is killed: it is told to stop, so that it has its
// grace period, and never listens.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc > 1) {
    FILE *file = fopen(argv[1], "a");
    if (file == NULL || fputs("ran\n", file) < 0 || fclose(file) != 0) return 1;
  }
  if (open("/run/krustlet/signals", O_RDONLY) < 0) return 1;
  puts("deaf");
  fflush(stdout);
  for (;;) sleep(3600);
}
