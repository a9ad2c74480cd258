// A server that opens its socket itself, as programs for WasmEdge do: at its loopback, port 8080. Answers one connection.
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

typedef struct { const void *data; uint32_t length; } buffer_t;

IMPORT(sock_open) int sock_open(int family, int type, uint32_t *fd);
IMPORT(sock_bind) int sock_bind(uint32_t fd, buffer_t *address, int port);
IMPORT(sock_listen) int sock_listen(uint32_t fd, int backlog);
IMPORT(sock_accept) int sock_accept(uint32_t fd, uint32_t *connection);

int main(void) {
  const uint8_t loopback[4] = {127, 0, 0, 1};
  buffer_t address = {loopback, sizeof loopback};
  uint32_t fd, connection;
  if (sock_open(1, 2, &fd) != 0) return 1;
  if (sock_bind(fd, &address, 8080) != 0) return 2;
  if (sock_listen(fd, 128) != 0) return 3;
  puts("listening");
  fflush(stdout);
  if (sock_accept(fd, &connection) != 0) return 4;
  static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  char request[4096];
  if (read(connection, request, sizeof request) <= 0) return 5;
  if (write(connection, answer, sizeof answer - 1) != sizeof answer - 1) return 6;
  return close(connection);
}
