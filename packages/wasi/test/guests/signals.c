// Waits to be told to stop.
#include <stdio.h>

int main(void) {
  FILE *signals = fopen("/run/krustlet/signals", "r");
  if (signals == NULL) return 1;
  printf("waiting\n");
  char line[16];
  if (fgets(line, sizeof line, signals) == NULL) return 2;
  printf("got %s", line);
  return 0;
}
