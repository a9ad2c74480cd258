// A web server on a socket that the host opened and listens on, and that stops when it is asked to.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// The host gives listening sockets first, from descriptor 3 on, and says how many: systemd's convention.
enum { FIRST_SOCKET = 3 };

// Answers one request. Returns 0 when the client has gone.
static int answer(int client, int number) {
  char request[4096];
  size_t have = 0;
  while (have < sizeof request - 1) {
    ssize_t count = recv(client, request + have, sizeof request - 1 - have, 0);
    if (count <= 0) return 0;
    have += (size_t)count;
    request[have] = '\0';
    if (strstr(request, "\r\n\r\n") != NULL) break;
  }
  request[strcspn(request, "\r\n")] = '\0';
  printf("request %d: %s\n", number, request);
  char body[128], response[256];
  int length = snprintf(body, sizeof body, "Hello, you are visitor %d of a WebAssembly module.\n", number);
  int size = snprintf(response, sizeof response,
                      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
                      length, body);
  for (int sent = 0; sent < size;) {
    ssize_t count = send(client, response + sent, (size_t)(size - sent), 0);
    if (count <= 0) return 0;
    sent += (int)count;
  }
  return 1;
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char *sockets = getenv("LISTEN_FDS");
  if (sockets == NULL || atoi(sockets) < 1) {
    fputs("no socket was given: name a containerPort in the Pod\n", stderr);
    return 2;
  }
  // Having opened this file, the program is asked to stop rather than ended.
  int signals = open("/run/krustlet/signals", O_RDONLY);
  struct pollfd ready[2] = {{.fd = FIRST_SOCKET, .events = POLLRDNORM}, {.fd = signals, .events = POLLRDNORM}};
  nfds_t count = signals < 0 ? 1 : 2;

  puts("serving");
  for (int number = 1;;) {
    if (poll(ready, count, -1) < 0) {
      perror("poll");
      return 1;
    }
    if (count == 2 && ready[1].revents != 0) {
      char line[16];
      if (read(signals, line, sizeof line) > 0) break;
    }
    if (ready[0].revents == 0) continue;
    int client = accept(FIRST_SOCKET, NULL, NULL);
    if (client < 0) {
      if (errno == EAGAIN) continue;
      perror("accept");
      return 1;
    }
    number += answer(client, number);
    shutdown(client, SHUT_WR);
    close(client);
  }
  puts("asked to stop; goodbye");
  return 0;
}
