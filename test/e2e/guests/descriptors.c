// Opens descriptors without end; says at which errno that ends, and that it can still work with those it has.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  int last = -1;
  for (long count = 0; count < 10000000; count++) {
    int fd = open("/data/file.txt", O_CREAT | O_RDWR, 0600);
    if (fd < 0) {
      printf("open: %s\n", errno == EMFILE || errno == ENFILE ? "too many open files" : strerror(errno));
      return last >= 0 && write(last, "still here", 10) == 10 ? 0 : 1;
    }
    last = fd;
  }
  puts("no end of descriptors");
  return 2;
}
