// UDP, accepting and names by the newer form of the extension.
#define NEWER
#include "wasmedge-socket.h"

static uint8_t bytes[16];

// Echoes `count` datagrams, each with its bytes turned round, to whom it is from.
static void echo(const char *where, int count) {
  uint32_t fd, port, length, out = 0;
  OK(sock_open(family_of(where), DATAGRAM, &fd));
  buffer_t address = address_of(where, bytes);
  OK(sock_bind(fd, &address, 0));
  uint8_t storage[128];
  buffer_t any = {storage, sizeof storage};
  OK(sock_getlocaladdr(fd, &any, &port));
  printf("bound %u %u\n", storage[0], port);
  fflush(stdout);
  while (count-- > 0) {
    char data[32];
    buffer_t part = {data, sizeof data};
    memset(storage, 0xff, sizeof storage);
    port = 0;
    OK(sock_recv_from(fd, &part, 1, &any, 0, &port, &length, &out));
    printf("%u from family %u, truncated %u\n", length, storage[0] | storage[1] << 8, out & 1);
    for (uint32_t i = 0; i < length / 2; i++) {
      char swapped = data[i];
      data[i] = data[length - 1 - i], data[length - 1 - i] = swapped;
    }
    part.length = length;
    OK(sock_send_to(fd, &part, 1, &any, port, 0, &length));
  }
}

// A connected datagram socket, with read and write.
static void talk(const char *where, int port, const char *message) {
  uint32_t fd, other;
  OK(sock_open(family_of(where), DATAGRAM, &fd));
  buffer_t address = address_of(where, bytes);
  EXPECT(17, sock_send(fd, &(buffer_t){"x", 1}, 1, 0, &other));
  OK(sock_connect(fd, &address, port));
  if (write(fd, message, strlen(message)) != (ssize_t)strlen(message)) exit(4);
  char data[64];
  uint32_t length, out;
  buffer_t part = {data, 3};
  OK(sock_recv(fd, &part, 1, 1, &length, &out));
  printf("%u %u ", length, out & 1);
  ssize_t got = read(fd, data, sizeof data);
  printf("%.*s\n", (int)got, data);
  uint8_t storage[128];
  buffer_t peer = {storage, sizeof storage};
  OK(sock_getpeeraddr(fd, &peer, &other));
  printf("peer %d\n", other == (uint32_t)port);
}

static void accept_one(const char *where) {
  uint32_t fd, connection, port, length, out;
  OK(sock_open(family_of(where), STREAM, &fd));
  OK(sock_listen(fd, 8));
  uint8_t storage[128];
  buffer_t any = {storage, sizeof storage};
  OK(sock_getlocaladdr(fd, &any, &port));
  printf("bound %u %u\n", storage[0], port);
  fflush(stdout);
  OK(sock_accept(fd, 4, &connection));
  buffer_t part = {storage, sizeof storage};
  EXPECT(6, sock_recv(connection, &part, 1, 0, &length, &out));
  printf("nothing yet\n");
}

static void names(const char *node, const char *service, int family, int type, int flags) {
  enum { MAX = 8 };
  static uint8_t data[MAX][26];
  static char canonical[MAX][32];
  static sockaddr_t addresses[MAX];
  static addrinfo_t list[MAX];
  for (int i = 0; i < MAX; i++) {
    addresses[i] = (sockaddr_t){INET4, 14, data[i]};
    list[i] = (addrinfo_t){.addr = &addresses[i], .name = canonical[i], .name_length = 32, .next = i + 1 < MAX ? &list[i + 1] : NULL};
  }
  addrinfo_t hints = {.family = family, .type = type, .flags = flags}, *first = list;
  uint32_t count = 0;
  // As the Rust crate does: with the NUL.
  int answer = sock_getaddrinfo(node, strlen(node) + 1, service, strlen(service) + 1, &hints, &first, MAX, &count);
  printf("%d:", answer);
  for (uint32_t i = 0; answer == 0 && i < count; i++) {
    printf(" %u/%u/%u/%u/%u ", list[i].family, list[i].type, list[i].protocol, list[i].addrlen, addresses[i].length);
    uint8_t *at = data[i];
    if (addresses[i].family == INET4) printf("%u.%u.%u.%u", at[2], at[3], at[4], at[5]);
    else printf("..%u", at[21]);
    printf(":%u", at[0] << 8 | at[1]);
    if (list[i].name_length > 0) printf(" (%s)", list[i].name);
  }
  printf("\n");
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  if (strcmp(argv[1], "echo") == 0) echo(argv[2], atoi(argv[3]));
  else if (strcmp(argv[1], "talk") == 0) talk(argv[2], atoi(argv[3]), argv[4]);
  else if (strcmp(argv[1], "accept") == 0) accept_one(argv[2]);
  else if (strcmp(argv[1], "names") == 0) names(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]), atoi(argv[6]));
  else return 3;
  return 0;
}
