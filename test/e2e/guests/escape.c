// Tries every way out of the volume at /data that the tests know of. argv[1] is the host's path of the directory that
// holds the volume's directory `volume` and, outside of it, `secret.txt`. Prints what got out; exits with its count.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int escapes = 0;

static void escaped(const char *how, const char *path) {
  printf("ESCAPED: %s %s\n", how, path);
  escapes++;
}

static void try_read(const char *path) {
  char text[64] = "";
  int fd = open(path, O_RDONLY);
  if (fd < 0) return;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length > 0 && (strstr(text, "SECRET") != NULL || strstr(text, "root:") != NULL)) escaped("read", path);
}

// `outside` names, as the guest hopes, the directory that holds the volume's directory.
static void try_all(const char *outside) {
  char path[512], other[512];
  struct stat about;
  snprintf(path, sizeof path, "%s/secret.txt", outside);
  try_read(path);
  if (stat(path, &about) == 0) escaped("stat", path);
  if (link(path, "/data/hard") == 0) escaped("link", path);
  try_read("/data/hard");
  if (unlink(path) == 0) escaped("unlink", path);
  if (rename(path, "/data/stolen") == 0) escaped("rename from", path);
  int fd = open(path, O_WRONLY | O_TRUNC);
  if (fd >= 0) escaped("open for writing", path);
  snprintf(path, sizeof path, "%s/made.txt", outside);
  fd = open(path, O_CREAT | O_WRONLY, 0600);
  // In the guest's own root or volume a new file is none of the host's business: the test looks at the host.
  if (fd >= 0) close(fd);
  snprintf(path, sizeof path, "%s/made-directory", outside);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/made-link", outside);
  symlink("anything", path);
  snprintf(other, sizeof other, "%s/moved.txt", outside);
  fd = open("/data/mine.txt", O_CREAT | O_WRONLY, 0600);
  if (fd >= 0) close(fd);
  rename("/data/mine.txt", other);
}

int main(int argc, char **argv) {
  const char *host = argc > 1 ? argv[1] : "/";
  char target[512];

  // Dots, and the host's own path.
  const char *dots[] = {"/data/..", "/data/../..", "/data/./../.", "/..", "/data/sub/../..", "..", "data/..", "/data//..//"};
  for (size_t i = 0; i < sizeof dots / sizeof *dots; i++) try_all(dots[i]);
  try_all(host);

  // Links that the host made: `link-out` -> .., `absolute-out` -> the host's path, `secret-link` -> ../secret.txt.
  try_all("/data/link-out");
  try_all("/data/absolute-out");
  try_read("/data/secret-link");

  // Links that the guest makes itself, the middle one of a kind that a lexical check takes for harmless.
  symlink("..", "/data/up");
  try_all("/data/up");
  symlink("../..", "/data/upup");
  try_all("/data/upup/data");
  symlink(".", "/data/here");
  symlink("here/..", "/data/sly");
  try_all("/data/sly");
  symlink("sly", "/data/slyer");
  try_all("/data/slyer");
  symlink(host, "/data/absolute");
  try_all("/data/absolute");
  symlink("/etc/passwd", "/data/passwd");
  try_read("/data/passwd");
  snprintf(target, sizeof target, "%s/secret.txt", host);
  symlink(target, "/data/secret");
  try_read("/data/secret");
  mkdir("/data/deep", 0700);
  symlink("../../secret.txt", "/data/deep/secret");
  try_read("/data/deep/secret");
  symlink("loop", "/data/loop");
  try_read("/data/loop/x");

  // The machine's own doors.
  const char *doors[] = {"/etc/passwd", "/proc/self/environ", "/proc/self/root/etc/passwd", "/proc/1/root/etc/passwd",
                         "/dev/fd/3/../../etc/passwd", "/data/../etc/passwd", "/proc/self/cwd/secret.txt"};
  for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) try_read(doors[i]);

  printf("%d escapes\n", escapes);
  return escapes > 100 ? 100 : escapes;
}
