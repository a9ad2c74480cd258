/* Accepts one connection on the first preopened socket, sends back what it gets, ends. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  printf("%s %s\n", getenv("LISTEN_FDS"), getenv("LISTEN_FDNAMES"));
  fflush(stdout);
  int connection = accept(3, NULL, NULL);
  if (connection < 0) {
    perror("accept");
    return 1;
  }
  char buffer[1024];
  ssize_t n;
  while ((n = recv(connection, buffer, sizeof buffer, 0)) > 0) {
    if (send(connection, buffer, (size_t)n, 0) != n) return 2;
  }
  close(connection);
  return n == 0 ? 0 : 3;
}
