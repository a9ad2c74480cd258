// Prints its arguments and one variable of its environment, copies stdin, complains on stderr, exits with 7.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++) printf("[%s]", argv[i]);
  const char *who = getenv("WHO");
  printf(" hello %s\n", who == NULL ? "nobody" : who);
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) printf("read %s", line);
  fflush(stdout);
  fprintf(stderr, "done\n");
  return 7;
}
