/* One guest with a sub-command for each behaviour that the runtime suite looks at. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int hello(int argc, char **argv) {
  const char *greeting = getenv("GREETING");
  printf("%s:", greeting == NULL ? "(unset)" : greeting);
  for (int i = 0; i < argc; i++) printf(" [%s]", argv[i]);
  printf("\n");
  fflush(stdout);
  fprintf(stderr, "to stderr\n");
  return 0;
}

static int cat(FILE *in) {
  char buffer[4096];
  size_t n;
  while ((n = fread(buffer, 1, sizeof buffer, in)) > 0) fwrite(buffer, 1, n, stdout);
  fflush(stdout);
  return 0;
}

static int read_path(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    printf("%s: errno %d\n", path, errno);
    return 1;
  }
  return cat(file);
}

static int write_path(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  if (file == NULL) {
    printf("%s: %s\n", path, errno == EROFS || errno == EACCES || errno == EPERM || errno == ENOTCAPABLE
                                 ? "refused" : strerror(errno));
    return 1;
  }
  fputs(text, file);
  return fclose(file) == 0 ? 0 : 1;
}

static void nap(long ms) {
  struct timespec t = { ms / 1000, (ms % 1000) * 1000000L };
  nanosleep(&t, NULL);
}

/* Volatile, so that the compiler keeps the loop. */
static volatile unsigned counter;

static int spin(void) {
  puts("spinning");
  fflush(stdout);
  for (;;) counter++;
}

static int fill(void) {
  size_t size = 48 * 1024 * 1024;
  char *big = malloc(size);
  puts("filling");
  fflush(stdout);
  for (;;) memset(big, (int)counter++, size);
}

static int flood(long chunks) {
  static char chunk[16 * 1024];
  for (long i = 0; i < chunks; i++) {
    memset(chunk, 'a' + (int)(i % 26), sizeof chunk);
    if (write(1, chunk, sizeof chunk) != (ssize_t)sizeof chunk) return 1;
  }
  return 0;
}

static int interleave(void) {
  for (int i = 0; i < 200; i++) {
    char line[32];
    int n = snprintf(line, sizeof line, "%d\n", i);
    write(i % 2 == 0 ? 1 : 2, line, (size_t)n);
  }
  return 0;
}

static int signals(void) {
  FILE *file = fopen("/run/krustlet/signals", "r");
  char line[16];
  if (file == NULL) return 1;
  puts("waiting");
  fflush(stdout);
  if (fgets(line, sizeof line, file) == NULL) return 2;
  printf("got %s", line);
  return 42;
}

__attribute__((noinline)) static int divide(int by) {
  if (by == 0) __builtin_trap();
  return 100 / by;
}

/* Volatile, so that the compiler does not see that nobody reads the memory. */
static char *volatile kept;

/* Grows memory until it is refused, then does as C programs do that do not expect it. */
static int hog(void) {
  for (;;) {
    char *more = malloc(1024 * 1024);
    if (more == NULL) abort();
    memset(more, 1, 1024 * 1024);
    kept = more;
  }
}

__attribute__((noinline)) static int recurse(int depth) {
  volatile char pad[64];
  pad[0] = (char)depth;
  return depth < 0 ? 0 : recurse(depth + 1) + pad[0];
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "hello";
  if (strcmp(what, "hello") == 0) return hello(argc, argv);
  if (strcmp(what, "exit") == 0) exit(atoi(argv[2]));
  if (strcmp(what, "cat") == 0) return cat(stdin);
  if (strcmp(what, "read") == 0) return read_path(argv[2]);
  if (strcmp(what, "write") == 0) return write_path(argv[2], argv[3]);
  if (strcmp(what, "spin") == 0) return spin();
  if (strcmp(what, "fill") == 0) return fill();
  if (strcmp(what, "flood") == 0) return flood(atol(argv[2]));
  if (strcmp(what, "interleave") == 0) return interleave();
  if (strcmp(what, "signals") == 0) return signals();
  if (strcmp(what, "trap") == 0) return divide(argc - 2);
  if (strcmp(what, "hog") == 0) return hog();
  if (strcmp(what, "recurse") == 0) return recurse(0);
  if (strcmp(what, "sleep") == 0) {
    puts("sleeping");
    fflush(stdout);
    nap(atol(argv[2]));
    puts("awake");
    return 0;
  }
  fprintf(stderr, "no such sub-command: %s\n", what);
  return 64;
}
