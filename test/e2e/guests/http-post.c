// Posts a text to the URL that it is given, as programs for the original Krustlet do, and prints what comes back.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define HTTP(name) __attribute__((import_module("wasi_experimental_http"), import_name(#name)))
HTTP(req)
extern uint32_t http_req(const char *url, size_t url_length, const char *method, size_t method_length,
                         const char *headers, size_t headers_length, const char *body, size_t body_length,
                         uint16_t *status, uint32_t *handle);
HTTP(close) extern uint32_t http_close(uint32_t handle);
HTTP(body_read) extern uint32_t http_body_read(uint32_t handle, char *body, size_t length, size_t *written);

int main(int argc, char **argv) {
  const char *url = argc > 1 ? argv[1] : "";
  const char *headers = "Content-Type: text/plain\nabc: def\n";
  const char *body = "Testing with a request body.";
  uint16_t status = 0;
  uint32_t handle = 0;
  uint32_t code =
      http_req(url, strlen(url), "POST", 4, headers, strlen(headers), body, strlen(body), &status, &handle);
  if (code != 0) {
    printf("not sent: %u\n", code);
    return 1;
  }
  char piece[1024];
  size_t length = 0;
  while (http_body_read(handle, piece, sizeof piece, &length) == 0 && length > 0)
    printf("%.*s", (int)length, piece);
  printf("\n%u %s\n", status, status == 200 ? "OK" : "");
  return http_close(handle) == 0 ? 0 : 2;
}
