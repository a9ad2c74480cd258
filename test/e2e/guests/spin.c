// Does nothing, as fast as it can, and never calls the host.
#include <stdio.h>

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  puts("spinning");
  for (volatile unsigned turn = 0;; turn++) {
  }
}
