// TCP by the older form of the extension: client, server, non-blocking connecting, what is refused.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "wasmedge-socket.h"

static uint32_t fd;
static uint8_t bytes[16];
static buffer_t address;
static int port;

static void print_end(const char *what, int other) {
  uint8_t raw[16] = {0};
  buffer_t end = {raw, 16};
  uint32_t type, number;
  OK(other ? sock_getpeeraddr(fd, &end, &type, &number) : sock_getlocaladdr(fd, &end, &type, &number));
  if (type == 4) printf("%s %u.%u.%u.%u:%u\n", what, raw[0], raw[1], raw[2], raw[3], number);
  else printf("%s [..%u]:%u\n", what, raw[15], number);
}

// Sends its last argument and prints what comes back until the end.
static void client(const char *message) {
  OK(sock_connect(fd, &address, port));
  EXPECT(30, sock_connect(fd, &address, port));
  print_end("peer", 1);
  print_end("local", 0);
  send_all(fd, message, strlen(message));
  OK(sock_shutdown(fd, 2));
  char data[64];
  for (;;) {
    uint32_t length, out;
    buffer_t part = {data, sizeof data};
    OK(sock_recv(fd, &part, 1, 0, &length, &out));
    if (length == 0) break;
    printf("%.*s", (int)length, data);
  }
  printf("\n");
}

// Echoes `count` connections by fd_read and fd_write, which is what C's read and write are.
static void server(int count) {
  OK(sock_bind(fd, &address, port));
  EXPECT(28, sock_bind(fd, &address, port));
  OK(sock_listen(fd, 128));
  print_end("listening", 0);
  fflush(stdout);
  while (count-- > 0) {
    uint32_t connection;
    OK(sock_accept(fd, &connection));
    char data[1024];
    ssize_t length;
    while ((length = read(connection, data, sizeof data)) > 0) {
      for (ssize_t done = 0; done < length;) {
        ssize_t now = write(connection, data + done, length - done);
        if (now < 0) exit(5);
        done += now;
      }
    }
    OK(sock_shutdown(connection, 3));
    close(connection);
  }
}

static void nonblocking(void) {
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) exit(6);
  EXPECT(26, sock_connect(fd, &address, port));
  EXPECT(7, sock_connect(fd, &address, port));
  struct pollfd waiting = {fd, POLLOUT, 0};
  if (poll(&waiting, 1, -1) != 1) exit(7);
  int error = -1;
  uint32_t size = sizeof error;
  OK(sock_getsockopt(fd, 0, SO_ERR, &error, &size));
  printf("error %d\n", error);
  if (error != 0) return;
  char data[16];
  uint32_t length, out;
  buffer_t part = {data, sizeof data};
  EXPECT(6, sock_recv(fd, &part, 1, 0, &length, &out));
  send_all(fd, "now", 3);
  waiting.events = POLLIN;
  if (poll(&waiting, 1, -1) != 1) exit(8);
  OK(sock_recv(fd, &part, 1, 0, &length, &out));
  printf("%.*s\n", (int)length, data);
}

// Asks how it went by connecting once more.
static void again(void) {
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) exit(6);
  EXPECT(26, sock_connect(fd, &address, port));
  struct pollfd waiting = {fd, POLLOUT, 0};
  if (poll(&waiting, 1, -1) != 1) exit(7);
  printf("%d\n", sock_connect(fd, &address, port));
}

static void options(void) {
  int value = -1, on = 1;
  uint32_t size = sizeof value;
  OK(sock_getsockopt(fd, 0, SO_KIND, &value, &size));
  printf("type %d", value);
  OK(sock_getsockopt(fd, 0, SO_LISTENS, &value, &size));
  printf(" listens %d", value);
  OK(sock_setsockopt(fd, 0, SO_REUSE, &on, sizeof on));
  OK(sock_setsockopt(fd, 0, SO_ALIVE, &on, sizeof on));
  OK(sock_getsockopt(fd, 0, SO_ALIVE, &value, &size));
  printf(" alive %d\n", value);
  EXPECT(50, sock_setsockopt(fd, 0, SO_OOB, &on, sizeof on));
  EXPECT(50, sock_setsockopt(fd, 1, SO_REUSE, &on, sizeof on));
  EXPECT(28, sock_setsockopt(fd, 0, SO_REUSE, &on, 1));
  EXPECT(63, sock_setsockopt(fd, 0, SO_DEVICE, "eth0", 4));
  size = 16;
  char device[16];
  OK(sock_getsockopt(fd, 0, SO_DEVICE, device, &size));
  if (size != 0) exit(9);
  int64_t limit[2] = {0, 5000}, told[2];
  OK(sock_setsockopt(fd, 0, SO_RECEIVE_TIME, limit, sizeof limit));
  size = sizeof told;
  OK(sock_getsockopt(fd, 0, SO_RECEIVE_TIME, told, &size));
  printf("limit %lld %lld %u\n", told[0], told[1], size);
  OK(sock_bind(fd, &address, port));
  OK(sock_listen(fd, 1));
  uint32_t connection;
  EXPECT(6, sock_accept(fd, &connection));
  size = sizeof value;
  OK(sock_getsockopt(fd, 0, SO_LISTENS, &value, &size));
  printf("listens %d\n", value);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int opened = sock_open(family_of(argv[2]), STREAM, &fd);
  if (opened != 0) {
    printf("open %d\n", opened);
    return 0;
  }
  address = address_of(argv[2], bytes), port = atoi(argv[3]);
  if (strcmp(argv[1], "client") == 0) client(argv[4]);
  else if (strcmp(argv[1], "server") == 0) server(atoi(argv[4]));
  else if (strcmp(argv[1], "nonblocking") == 0) nonblocking();
  else if (strcmp(argv[1], "again") == 0) again();
  else if (strcmp(argv[1], "options") == 0) options();
  else if (strcmp(argv[1], "bind") == 0) printf("bind %d\n", sock_bind(fd, &address, port));
  else if (strcmp(argv[1], "twice") == 0) {
    uint32_t other;
    printf("bind %d", sock_bind(fd, &address, port));
    OK(sock_open(family_of(argv[2]), STREAM, &other));
    printf(" %d", sock_bind(other, &address, port));
    close(fd);
    printf(" %d\n", sock_bind(other, &address, port));
  } else if (strcmp(argv[1], "connect") == 0) printf("connect %d\n", sock_connect(fd, &address, port));
  else if (strcmp(argv[1], "flood") == 0) {
    static char block[65536];
    OK(sock_connect(fd, &address, port));
    for (;;) send_all(fd, block, sizeof block);
  } else if (strcmp(argv[1], "retry") == 0) {
    printf("connect %d", sock_connect(fd, &address, port));
    printf(" %d\n", sock_connect(fd, &address, atoi(argv[4])));
  } else if (strcmp(argv[1], "many") == 0) {
    uint32_t more;
    int count = 1, answer;
    while ((answer = sock_open(INET4, STREAM, &more)) == 0) count++;
    printf("%d %d\n", count, answer);
  } else {
    return 3;
  }
  return 0;
}
