// Accepts connections on the socket it was given and echoes each until the other side ends it; "quit" ends the guest.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
  const char *count = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
  if (count == NULL || names == NULL) return 1;
  printf("%s %s\n", count, names);
  FILE *greeting = fopen("/greeting", "r");
  char hello[64] = "";
  if (greeting == NULL || fgets(hello, sizeof hello, greeting) == NULL) return 2;
  for (;;) {
    int connection = accept(3, NULL, NULL);
    if (connection < 0) return 3;
    if (send(connection, hello, strlen(hello), 0) < 0) return 4;
    char data[1024];
    ssize_t length;
    int quit = 0;
    while ((length = recv(connection, data, sizeof data, 0)) > 0) {
      for (ssize_t sent = 0; sent < length;) {
        ssize_t now = send(connection, data + sent, length - sent, 0);
        if (now < 0) return 5;
        sent += now;
      }
      if (length >= 4 && memcmp(data, "quit", 4) == 0) quit = 1;
    }
    shutdown(connection, SHUT_WR);
    close(connection);
    if (quit) return 0;
  }
}
