// What a container is given: arguments, environment, standard input and files.
#include <stdio.h>
#include <string.h>

extern char **environ;

static void print_stream(const char *title, FILE *stream) {
  char line[4096];
  if (fgets(line, sizeof line, stream) == NULL) return;
  line[strcspn(line, "\n")] = '\0';
  printf("%s: %s\n", title, line);
}

int main(int argc, char **argv) {
  puts("Hello from C!");
  for (int i = 1; i < argc; i++) printf("argument %d: %s\n", i, argv[i]);
  for (char **entry = environ; *entry != NULL; entry++) {
    if (strncmp(*entry, "HELLO_", 6) == 0) puts(*entry);
  }
  print_stream("standard input", stdin);
  FILE *greeting = fopen("/etc/hello/greeting.txt", "r");
  if (greeting != NULL) {
    print_stream("/etc/hello/greeting.txt", greeting);
    fclose(greeting);
  }
  fflush(stdout);
  fputs("and this line is on the error stream\n", stderr);
  return 0;
}
