// Says so, writes the file argv[1] until the disk is full, or argv[2] MiB of it, and waits then.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  static char block[1 << 16];
  memset(block, 'x', sizeof block);
  puts("filling");
  fflush(stdout);
  int file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file < 0) return 1;
  long blocks = argc > 2 ? atol(argv[2]) * 16 : -1;
  for (long i = 0; i != blocks; i++) {
    if (write(file, block, sizeof block) < 0) break;
  }
  for (;;) sleep(3600);
}
