// The plainest recursion: fib of the first argument.
#include <stdio.h>
#include <stdlib.h>

static unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char **argv) {
  printf("fib %u\n", fib(argc > 1 ? (unsigned)atoi(argv[1]) : 33));
  return 0;
}
