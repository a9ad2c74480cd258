// The WasmEdge socket extension of preview 1, as C programs declare it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

typedef struct { void *data; uint32_t length; } buffer_t;
typedef struct { uint16_t flags; uint8_t family, type, protocol; uint32_t addrlen; void *addr; char *name; uint32_t name_length; void *next; } addrinfo_t;
typedef struct { uint8_t family; uint32_t length; uint8_t *data; } sockaddr_t;

enum { INET4 = 1, INET6 = 2 };
enum { DATAGRAM = 1, STREAM = 2 };
enum { SO_REUSE, SO_KIND, SO_ERR, SO_ROUTE, SO_CAST, SO_SEND, SO_RECEIVE, SO_ALIVE, SO_OOB, SO_LINGERS, SO_LOWAT, SO_RECEIVE_TIME, SO_SEND_TIME, SO_LISTENS, SO_DEVICE };

IMPORT(sock_open) int sock_open(int family, int type, uint32_t *fd);
IMPORT(sock_bind) int sock_bind(int fd, buffer_t *address, int port);
IMPORT(sock_listen) int sock_listen(int fd, int backlog);
IMPORT(sock_connect) int sock_connect(int fd, buffer_t *address, int port);
IMPORT(sock_recv) int sock_recv(int fd, buffer_t *data, int count, int flags, uint32_t *length, uint32_t *out);
IMPORT(sock_send) int sock_send(int fd, buffer_t *data, int count, int flags, uint32_t *length);
IMPORT(sock_send_to) int sock_send_to(int fd, buffer_t *data, int count, buffer_t *address, int port, int flags, uint32_t *length);
IMPORT(sock_shutdown) int sock_shutdown(int fd, int how);
IMPORT(sock_getsockopt) int sock_getsockopt(int fd, int level, int name, void *value, uint32_t *size);
IMPORT(sock_setsockopt) int sock_setsockopt(int fd, int level, int name, void *value, uint32_t size);
IMPORT(sock_getaddrinfo) int sock_getaddrinfo(const char *node, int node_length, const char *service, int service_length, addrinfo_t *hints, addrinfo_t **list, int max, uint32_t *count);
#ifdef NEWER
IMPORT(sock_accept_v2) int sock_accept(int fd, int flags, uint32_t *connection);
IMPORT(sock_recv_from) int sock_recv_from(int fd, buffer_t *data, int count, buffer_t *address, int flags, uint32_t *port, uint32_t *length, uint32_t *out);
IMPORT(sock_getlocaladdr_v2) int sock_getlocaladdr(int fd, buffer_t *address, uint32_t *port);
IMPORT(sock_getpeeraddr) int sock_getpeeraddr(int fd, buffer_t *address, uint32_t *port);
#else
IMPORT(sock_accept) int sock_accept(int fd, uint32_t *connection);
IMPORT(sock_recv_from) int sock_recv_from(int fd, buffer_t *data, int count, buffer_t *address, int flags, uint32_t *length, uint32_t *out);
IMPORT(sock_getlocaladdr) int sock_getlocaladdr(int fd, buffer_t *address, uint32_t *type, uint32_t *port);
IMPORT(sock_getpeeraddr) int sock_getpeeraddr(int fd, buffer_t *address, uint32_t *type, uint32_t *port);
#endif

// Ends the program at the first call that does not answer what it has to.
#define EXPECT(errno_, call)                                             \
  do {                                                                   \
    int got = (call);                                                    \
    if (got != (errno_)) {                                               \
      fprintf(stderr, "line %d: %s answered %d\n", __LINE__, #call, got); \
      exit(1);                                                           \
    }                                                                    \
  } while (0)
#define OK(call) EXPECT(0, call)

// "127.0.0.1" or "::1" or eight full groups.
static buffer_t address_of(const char *text, uint8_t *bytes) {
  memset(bytes, 0, 16);
  if (strchr(text, ':') == NULL) {
    unsigned a, b, c, d;
    if (sscanf(text, "%u.%u.%u.%u", &a, &b, &c, &d) != 4) exit(90);
    bytes[0] = a, bytes[1] = b, bytes[2] = c, bytes[3] = d;
    return (buffer_t){bytes, 4};
  }
  if (strcmp(text, "::1") == 0) bytes[15] = 1;
  return (buffer_t){bytes, 16};
}

static int family_of(const char *text) { return strchr(text, ':') == NULL ? INET4 : INET6; }

__attribute__((unused)) static void send_all(int fd, const char *text, size_t length) {
  while (length > 0) {
    uint32_t sent;
    buffer_t data = {(void *)text, length};
    OK(sock_send(fd, &data, 1, 0, &sent));
    text += sent, length -= sent;
  }
}
