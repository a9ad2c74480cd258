// Makes a JSON document, parses it into a tree and prints the tree again, as many times as the first argument says.
// Prints the document's size and a checksum, and whether what was printed is what was read.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { NIL, FALSE, TRUE, NUMBER, STRING, ARRAY, OBJECT };

struct value {
  enum kind kind;
  double number;
  const char *text;
  size_t length;
  const char *key;
  size_t key_length;
  struct value *first, *next;
};

// Values live until the document is done with, so that they are given out from one block after the other.
struct block {
  struct block *before;
  size_t used;
  struct value values[1024];
};

static struct block *blocks;

static struct value *new_value(enum kind kind) {
  if (blocks == NULL || blocks->used == 1024) {
    struct block *block = malloc(sizeof *block);
    block->before = blocks;
    block->used = 0;
    blocks = block;
  }
  struct value *value = &blocks->values[blocks->used++];
  memset(value, 0, sizeof *value);
  value->kind = kind;
  return value;
}

static void free_values(void) {
  while (blocks != NULL) {
    struct block *before = blocks->before;
    free(blocks);
    blocks = before;
  }
}

static void skip_space(const char **at) {
  while (**at == ' ' || **at == '\n' || **at == '\t' || **at == '\r') (*at)++;
}

static bool read_string(const char **at, const char **text, size_t *length) {
  if (*(*at)++ != '"') return false;
  *text = *at;
  while (**at != '"') {
    if (**at == '\0') return false;
    if (**at == '\\') (*at)++;
    (*at)++;
  }
  *length = (size_t)(*at - *text);
  (*at)++;
  return true;
}

static bool read_word(const char **at, const char *word) {
  size_t length = strlen(word);
  if (strncmp(*at, word, length) != 0) return false;
  *at += length;
  return true;
}

static double read_number(const char **at) {
  bool negative = **at == '-';
  if (negative) (*at)++;
  double number = 0, scale = 1;
  while (**at >= '0' && **at <= '9') number = number * 10 + (*(*at)++ - '0');
  if (**at == '.') {
    (*at)++;
    while (**at >= '0' && **at <= '9') {
      number = number * 10 + (*(*at)++ - '0');
      scale *= 10;
    }
  }
  return (negative ? -number : number) / scale;
}

static struct value *read_value(const char **at);

static struct value *read_members(const char **at, enum kind kind, char end) {
  struct value *whole = new_value(kind), **last = &whole->first;
  (*at)++;
  skip_space(at);
  while (**at != end) {
    const char *key = NULL;
    size_t length = 0;
    if (kind == OBJECT) {
      if (!read_string(at, &key, &length)) return NULL;
      skip_space(at);
      if (*(*at)++ != ':') return NULL;
    }
    struct value *member = read_value(at);
    if (member == NULL) return NULL;
    member->key = key;
    member->key_length = length;
    *last = member;
    last = &member->next;
    skip_space(at);
    if (**at == ',') (*at)++;
    else if (**at != end) return NULL;
    skip_space(at);
  }
  (*at)++;
  return whole;
}

static struct value *read_value(const char **at) {
  skip_space(at);
  switch (**at) {
  case '{': return read_members(at, OBJECT, '}');
  case '[': return read_members(at, ARRAY, ']');
  case 't': return read_word(at, "true") ? new_value(TRUE) : NULL;
  case 'f': return read_word(at, "false") ? new_value(FALSE) : NULL;
  case 'n': return read_word(at, "null") ? new_value(NIL) : NULL;
  case '"': {
    struct value *value = new_value(STRING);
    return read_string(at, &value->text, &value->length) ? value : NULL;
  }
  default: {
    struct value *value = new_value(NUMBER);
    value->number = read_number(at);
    return value;
  }
  }
}

struct text {
  char *bytes;
  size_t length, room;
};

static void put(struct text *to, const char *bytes, size_t length) {
  if (to->length + length > to->room) {
    to->room = (to->length + length) * 2;
    to->bytes = realloc(to->bytes, to->room);
  }
  memcpy(to->bytes + to->length, bytes, length);
  to->length += length;
}

static void put_number(struct text *to, double number) {
  char digits[32];
  size_t at = sizeof digits;
  bool negative = number < 0;
  uint64_t hundredths = (uint64_t)((negative ? -number : number) * 100 + 0.5);
  for (int i = 0; i < 2; i++, hundredths /= 10) digits[--at] = (char)('0' + hundredths % 10);
  digits[--at] = '.';
  do digits[--at] = (char)('0' + hundredths % 10);
  while ((hundredths /= 10) > 0);
  if (negative) digits[--at] = '-';
  put(to, digits + at, sizeof digits - at);
}

static void put_quoted(struct text *to, const char *bytes, size_t length) {
  put(to, "\"", 1);
  put(to, bytes, length);
  put(to, "\"", 1);
}

static void put_value(struct text *to, const struct value *value) {
  switch (value->kind) {
  case NIL: put(to, "null", 4); return;
  case FALSE: put(to, "false", 5); return;
  case TRUE: put(to, "true", 4); return;
  case NUMBER: put_number(to, value->number); return;
  case STRING: put_quoted(to, value->text, value->length); return;
  default: break;
  }
  put(to, value->kind == ARRAY ? "[" : "{", 1);
  for (const struct value *member = value->first; member != NULL; member = member->next) {
    if (member != value->first) put(to, ",", 1);
    if (value->kind == OBJECT) {
      put_quoted(to, member->key, member->key_length);
      put(to, ":", 1);
    }
    put_value(to, member);
  }
  put(to, value->kind == ARRAY ? "]" : "}", 1);
}

static uint32_t state = 12345;

static uint32_t next_random(void) { return state = state * 1664525u + 1013904223u; }

static void make_document(struct text *to, int depth) {
  char key[32];
  switch (depth > 5 ? next_random() >> 29 & 3 : 4 + (next_random() >> 30 & 1)) {
  case 0: put(to, next_random() >> 31 ? "true" : "null", 4); return;
  case 1: put_number(to, (double)(int32_t)next_random() / 100); return;
  case 2:
  case 3: put_quoted(to, "a string with \\\"quotes\\\" and \\u00fc in it", 38); return;
  case 4:
    put(to, "[", 1);
    for (int i = 0; i < 4; i++) {
      if (i > 0) put(to, ",", 1);
      make_document(to, depth + 1);
    }
    put(to, "]", 1);
    return;
  default:
    put(to, "{", 1);
    for (int i = 0; i < 4; i++) {
      put(to, key, (size_t)snprintf(key, sizeof key, "%s\"key-%u\":", i > 0 ? "," : "", next_random() >> 20));
      make_document(to, depth + 1);
    }
    put(to, "}", 1);
  }
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 50;
  struct text document = {0}, printed = {0};
  make_document(&document, 0);
  put(&document, "", 1);
  bool same = true;
  uint32_t sum = 0;
  for (int round = 0; round < rounds; round++) {
    const char *at = document.bytes;
    struct value *value = read_value(&at);
    printed.length = 0;
    if (value != NULL) put_value(&printed, value);
    free_values();
    same = same && printed.length == document.length - 1 && memcmp(printed.bytes, document.bytes, printed.length) == 0;
    for (size_t i = 0; i < printed.length; i++) sum = sum * 31 + (uint8_t)printed.bytes[i];
  }
  printf("json %zu bytes, %08x, %s\n", document.length - 1, sum, same ? "same" : "different");
  return same ? 0 : 1;
}
