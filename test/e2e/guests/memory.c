// Takes memory without end and dies of it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Seen by nobody; without it the compiler would see that nobody needs the memory.
char *volatile latest;

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  puts("taking memory");
  for (;;) {
    char *block = malloc(1 << 20);
    if (block == NULL) __builtin_trap();
    memset(block, 1, 1 << 20);
    latest = block;
  }
}
