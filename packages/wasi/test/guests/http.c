// Sends one request and prints what comes back: http METHOD URL HEADERS BODY [PIECE]
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP(name) __attribute__((import_module("wasi_experimental_http"), import_name(#name)))
HTTP(req)
extern uint32_t http_req(const char *url, size_t url_length, const char *method, size_t method_length,
                         const char *headers, size_t headers_length, const char *body, size_t body_length,
                         uint16_t *status, uint32_t *handle);
HTTP(close) extern uint32_t http_close(uint32_t handle);
HTTP(header_get)
extern uint32_t http_header_get(uint32_t handle, const char *name, size_t name_length, char *value,
                                size_t value_length, size_t *written);
HTTP(headers_get_all)
extern uint32_t http_headers_get_all(uint32_t handle, char *value, size_t value_length, size_t *written);
HTTP(body_read) extern uint32_t http_body_read(uint32_t handle, char *body, size_t length, size_t *written);

static char buffer[1 << 16];

static uint32_t ask(char **argv, uint32_t *handle) {
  uint16_t status = 0;
  uint32_t code = http_req(argv[2], strlen(argv[2]), argv[1], strlen(argv[1]), argv[3], strlen(argv[3]),
                           argv[4], strlen(argv[4]), &status, handle);
  if (code != 0) printf("code %u\n", code);
  else printf("status %u\n", status);
  return code;
}

int main(int argc, char **argv) {
  uint32_t handle = 0;
  size_t written = 0;
  if (argc > 5 && strcmp(argv[5], "open") == 0) {
    // Opens one after the other and closes none.
    for (int times = 0; times < 5; times++) ask(argv, &handle);
    return 0;
  }
  if (argc > 5 && strcmp(argv[5], "hostile") == 0) {
    uint16_t status;
    char *beyond = (char *)(__builtin_wasm_memory_size(0) * 65536 - 2);
    printf("%u", http_req(beyond, 64, "GET", 3, "", 0, "", 0, &status, &handle));
    printf(" %u", http_req(argv[2], strlen(argv[2]), "GET", 3, "", 0, beyond, 1u << 31, &status, &handle));
    printf(" %u", http_req(argv[2], strlen(argv[2]), "GET", 3, "", 0, "", 0, (uint16_t *)(beyond + 1), &handle));
    printf(" %u", http_req("\xff\xfe", 2, "GET", 3, "", 0, "", 0, &status, &handle));
    printf(" %u %u", http_body_read(77, buffer, 1, &written), http_close(77));
    printf(" %u", http_header_get(0xffffffffu, "a", 1, buffer, 1, &written));
    printf(" %u\n", http_headers_get_all(3, beyond, 1 << 20, &written));
    return 0;
  }
  if (ask(argv, &handle) != 0) return 0;
  size_t piece = argc > 5 ? (size_t)atoi(argv[5]) : sizeof buffer;
  uint32_t code = http_header_get(handle, "X-Reply", 7, buffer, sizeof buffer, &written);
  if (code == 0) printf("x-reply %.*s\n", (int)written, buffer);
  else printf("x-reply code %u\n", code);
  printf("short %u\n", http_header_get(handle, "date", 4, buffer, 3, &written));
  http_headers_get_all(handle, buffer, sizeof buffer, &written);
  printf("all %d\n", written > 0 && memchr(buffer, ':', written) != 0 && buffer[written - 1] == '\n');
  size_t total = 0;
  do {
    code = http_body_read(handle, buffer, piece, &written);
    if (code != 0) break;
    total += written;
    if (total < 200) printf("%.*s", (int)written, buffer);
  } while (written > 0);
  printf("\nread %zu code %u\n", total, code);
  printf("closed %u %u\n", http_close(handle), http_close(handle));
  return 0;
}
