// Opens /data/d/file.txt over and over for argv[1] seconds, for reading and for writing. Whatever the neighbour makes of
// /data/d meanwhile, it must find the volume's own file or nothing.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
  long inside = 0, outside = 0, errors = 0;
  while (time(NULL) < end) {
    for (int i = 0; i < 50; i++) {
      char text[16] = "";
      int fd = open("/data/d/file.txt", O_RDONLY);
      if (fd < 0) {
        errors++;
      } else {
        read(fd, text, sizeof text - 1);
        close(fd);
        if (strcmp(text, "inside") == 0) inside++;
        else outside++;
      }
      fd = open("/data/d/made.txt", O_CREAT | O_WRONLY, 0600);
      if (fd >= 0) close(fd);
    }
  }
  printf("%ld inside, %ld outside, %ld errors\n", inside, outside, errors);
  return outside == 0 ? 0 : 1;
}
