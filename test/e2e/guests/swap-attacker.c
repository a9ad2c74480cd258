// Makes /data/d a directory and a link out of the volume, in turns, for argv[1] seconds.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
  long flips = 0;
  symlink("../outside", "/data/l");
  while (time(NULL) < end) {
    for (int i = 0; i < 50; i++) {
      rename("/data/real", "/data/d");
      rename("/data/d", "/data/real");
      rename("/data/l", "/data/d");
      rename("/data/d", "/data/l");
      flips++;
    }
  }
  printf("%ld flips\n", flips);
  return 0;
}
