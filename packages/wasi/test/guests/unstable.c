// Uses the older ABI by its own names, where it differs from preview 1.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define UNSTABLE(name) __attribute__((import_module("wasi_unstable"), import_name(#name)))
UNSTABLE(fd_seek) int old_seek(int fd, int64_t offset, int whence, uint64_t *position);
UNSTABLE(fd_filestat_get) int old_stat(int fd, void *stat);
UNSTABLE(path_filestat_get) int old_path_stat(int fd, int flags, const char *path, int length, void *stat);
UNSTABLE(poll_oneoff) int old_poll(const void *in, void *out, int count, uint32_t *events);

struct old_filestat {
  uint64_t dev, ino;
  uint8_t type;
  uint32_t links;
  uint64_t size, atim, mtim, ctim;
};

struct old_clock {
  uint64_t userdata;
  uint8_t type;
  uint64_t identifier;
  uint32_t id;
  uint64_t timeout, precision;
  uint16_t flags;
};

int main(void) {
  int fd = open("/file", O_RDONLY);
  uint64_t position = 0;
  int error = old_seek(fd, -1, 2, &position);
  printf("end of file without its size: %d\n", error);
  error = old_seek(fd, 2, 2, &position);
  printf("set: %d %llu\n", error, (unsigned long long)position);
  error = old_seek(fd, 1, 0, &position);
  printf("cur: %d %llu\n", error, (unsigned long long)position);
  error = old_seek(fd, -1, 1, &position);
  printf("end: %d %llu\n", error, (unsigned long long)position);
  struct old_filestat stat[2] = {{0}, {0}};
  stat[1].dev = 77;
  error = old_stat(fd, &stat[0]);
  printf("stat: %d type %d links %u size %llu untouched %llu\n", error, stat[0].type, stat[0].links, (unsigned long long)stat[0].size, (unsigned long long)stat[1].dev);
  error = old_path_stat(3, 0, "file", 4, &stat[1]);
  printf("path: %d same %d\n", error, stat[0].ino == stat[1].ino && stat[0].mtim == stat[1].mtim);
  struct old_clock clock = {.userdata = 5, .type = 0, .id = 1, .timeout = 1000000};
  uint64_t event[4];
  uint32_t events = 0;
  error = old_poll(&clock, event, 1, &events);
  printf("poll: %d %u %llu\n", error, events, (unsigned long long)event[0]);
  return 0;
}
