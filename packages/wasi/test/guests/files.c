// Does what its arguments say, one operation after another, and prints one line for each: "ok …" or the errno.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasi/api.h>

static const char *name_of(int error) {
  switch (error) {
    case EACCES: return "EACCES";
    case EBADF: return "EBADF";
    case EBUSY: return "EBUSY";
    case EEXIST: return "EEXIST";
    case EINVAL: return "EINVAL";
    case EISDIR: return "EISDIR";
    case ELOOP: return "ELOOP";
    case EMFILE: return "EMFILE";
    case ENOENT: return "ENOENT";
    case ENOSPC: return "ENOSPC";
    case EFBIG: return "EFBIG";
    case ENOTDIR: return "ENOTDIR";
    case ENOTEMPTY: return "ENOTEMPTY";
    case ENXIO: return "ENXIO";
    case EPERM: return "EPERM";
    case EROFS: return "EROFS";
    case EXDEV: return "EXDEV";
    case ENOTCAPABLE: return "ENOTCAPABLE";
    default: return strerror(error);
  }
}

static void report(int result) {
  if (result < 0) printf("%s\n", name_of(errno));
  else printf("ok\n");
}

static void read_file(const char *path) {
  char text[256];
  int fd = open(path, O_RDONLY);
  if (fd < 0) { report(fd); return; }
  ssize_t length = read(fd, text, sizeof text);
  if (length < 0) report(-1);
  else printf("ok %.*s\n", (int)length, text);
  close(fd);
}

static void write_file(const char *path, const char *text, int flags) {
  int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
  if (fd < 0) { report(fd); return; }
  report(write(fd, text, strlen(text)) < 0 ? -1 : 0);
  close(fd);
}

static void resize(const char *path, off_t allocate, off_t size) {
  int fd = open(path, O_RDWR | O_CREAT, 0644);
  if (fd < 0) { report(fd); return; }
  int error = posix_fallocate(fd, 0, allocate);
  printf("%s\n", error == 0 ? "ok" : name_of(error));
  report(ftruncate(fd, size));
  close(fd);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void sync_file(const char *path, int data_only) {
  int fd = open(path, data_only ? O_RDWR : O_RDONLY);
  if (fd < 0) { report(fd); return; }
  report(data_only ? fdatasync(fd) : fsync(fd));
  close(fd);
}

static void touch(const char *path) {
  struct timespec times[2] = {{.tv_sec = 1, .tv_nsec = 2}, {.tv_sec = 1000000000, .tv_nsec = 123456789}};
  int fd = open(path, O_RDONLY);
  if (fd < 0) { report(fd); return; }
  report(futimens(fd, times));
  close(fd);
  report(utimensat(AT_FDCWD, path, times, 0));
}

static void list(const char *path) {
  DIR *directory = opendir(path);
  if (directory == NULL) { report(-1); return; }
  char *names[4096];
  size_t count = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL && count < 4096;) names[count++] = strdup(entry->d_name);
  closedir(directory);
  qsort(names, count, sizeof *names, by_name);
  printf("ok");
  for (size_t i = 0; i < count; i++) printf(" %s", names[i]);
  printf("\n");
}

static void listing(const char *path) {
  static unsigned char buffer[4 << 20];
  int fd = open(path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) { report(fd); return; }
  __wasi_size_t used = 0;
  int count = 0;
  __wasi_fd_readdir(fd, buffer, sizeof buffer, 0, &used);
  for (__wasi_size_t at = 0; at + sizeof(__wasi_dirent_t) <= used; count++) {
    __wasi_dirent_t *entry = (__wasi_dirent_t *)(buffer + at);
    at += sizeof *entry;
    at += entry->d_namlen;
  }
  printf("ok %d\n", count);
  close(fd);
}

static void show(const char *path, int follow) {
  struct stat found;
  if ((follow ? stat : lstat)(path, &found) < 0) { report(-1); return; }
  const char *kind = S_ISDIR(found.st_mode) ? "directory" : S_ISREG(found.st_mode) ? "file" : S_ISLNK(found.st_mode) ? "link" : S_ISCHR(found.st_mode) ? "device" : "other";
  printf("ok %s %lld\n", kind, S_ISDIR(found.st_mode) ? 0LL : (long long)found.st_size);
}

static void exhaust(const char *path) {
  int count = 0;
  while (open(path, O_RDONLY) >= 0) count++;
  printf("%s after %d\n", name_of(errno), count);
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const char *command = argv[i];
    if (strcmp(command, "read") == 0) read_file(argv[++i]);
    else if (strcmp(command, "write") == 0) { write_file(argv[i + 1], argv[i + 2], O_TRUNC); i += 2; }
    else if (strcmp(command, "append") == 0) { write_file(argv[i + 1], argv[i + 2], O_APPEND); i += 2; }
    else if (strcmp(command, "resize") == 0) { resize(argv[i + 1], atoll(argv[i + 2]), atoll(argv[i + 3])); i += 3; }
    else if (strcmp(command, "listing") == 0) listing(argv[++i]);
    else if (strcmp(command, "list") == 0) list(argv[++i]);
    else if (strcmp(command, "stat") == 0) show(argv[++i], 1);
    else if (strcmp(command, "lstat") == 0) show(argv[++i], 0);
    else if (strcmp(command, "sync") == 0) sync_file(argv[++i], 0);
    else if (strcmp(command, "datasync") == 0) sync_file(argv[++i], 1);
    else if (strcmp(command, "touch") == 0) touch(argv[++i]);
    else if (strcmp(command, "mkdir") == 0) report(mkdir(argv[++i], 0755));
    else if (strcmp(command, "rmdir") == 0) report(rmdir(argv[++i]));
    else if (strcmp(command, "unlink") == 0) report(unlink(argv[++i]));
    else if (strcmp(command, "symlink") == 0) { report(symlink(argv[i + 1], argv[i + 2])); i += 2; }
    else if (strcmp(command, "link") == 0) { report(link(argv[i + 1], argv[i + 2])); i += 2; }
    else if (strcmp(command, "rename") == 0) { report(rename(argv[i + 1], argv[i + 2])); i += 2; }
    else if (strcmp(command, "exhaust") == 0) exhaust(argv[++i]);
    else if (strcmp(command, "readlink") == 0) {
      char text[256];
      ssize_t length = readlink(argv[++i], text, sizeof text);
      if (length < 0) report(-1);
      else printf("ok %.*s\n", (int)length, text);
    } else return 99;
  }
  return 0;
}
