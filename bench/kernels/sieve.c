// Counts primes below the first argument with the sieve of Eratosthenes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  unsigned limit = argc > 1 ? (unsigned)atoi(argv[1]) : 3000000;
  unsigned char *composite = calloc(limit + 1, 1);
  unsigned count = 0;
  for (unsigned i = 2; i <= limit; i++) {
    if (composite[i]) continue;
    count++;
    for (unsigned long long j = (unsigned long long)i * i; j <= limit; j += i) composite[j] = 1;
  }
  printf("sieve %u\n", count);
  return 0;
}
