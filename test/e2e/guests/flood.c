// Writes argv[1] MiB to its output as fast as it can; without an argument, for ever.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  static char block[1 << 16];
  memset(block, 'x', sizeof block);
  block[sizeof block - 1] = '\n';
  long blocks = argc > 1 ? atol(argv[1]) * 16 : -1;
  for (long i = 0; i != blocks; i++) {
    for (size_t done = 0; done < sizeof block;) {
      ssize_t count = write(1, block + done, sizeof block - done);
      if (count < 0) return 1;
      done += (size_t)count;
    }
  }
  return 0;
}
