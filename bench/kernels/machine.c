// A byte-code machine that runs a small program (Collatz lengths) of as many starts as the first argument says:
// one large loop around a switch, as interpreters are. Prints the longest chain.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PUSH, LOAD, STORE, ADD, MUL, SHR, AND, LESS, JUMP, JUMP_IF, HALT };

struct instruction {
  uint8_t code;
  int32_t operand;
};

// locals: 0 n, 1 length, 2 best, 3 start, 4 limit
static const struct instruction code[] = {
    {LOAD, 3}, {LOAD, 4}, {LESS, 0}, {JUMP_IF, 5}, {HALT, 0},
    /* 5 */ {LOAD, 3}, {STORE, 0}, {PUSH, 1}, {STORE, 1},
    /* 9 */ {PUSH, 1}, {LOAD, 0}, {LESS, 0}, {JUMP_IF, 24},
    /* 13 */ {LOAD, 2}, {LOAD, 1}, {LESS, 0}, {JUMP_IF, 18}, {JUMP, 20},
    /* 18 */ {LOAD, 1}, {STORE, 2},
    /* 20 */ {LOAD, 3}, {PUSH, 1}, {ADD, 0}, {JUMP, 44},
    /* 24 */ {LOAD, 0}, {PUSH, 1}, {AND, 0}, {JUMP_IF, 33},
    /* 28 */ {LOAD, 0}, {PUSH, 1}, {SHR, 0}, {STORE, 0}, {JUMP, 39},
    /* 33 */ {LOAD, 0}, {PUSH, 3}, {MUL, 0}, {PUSH, 1}, {ADD, 0}, {STORE, 0},
    /* 39 */ {LOAD, 1}, {PUSH, 1}, {ADD, 0}, {STORE, 1}, {JUMP, 9},
    /* 44 */ {STORE, 3}, {JUMP, 0},
};

static uint32_t run(uint32_t limit) {
  uint32_t stack[16], locals[5] = {0, 0, 0, 1, limit};
  uint32_t *top = stack;
  for (const struct instruction *at = code;; at++) {
    switch (at->code) {
    case PUSH: *top++ = (uint32_t)at->operand; break;
    case LOAD: *top++ = locals[at->operand]; break;
    case STORE: locals[at->operand] = *--top; break;
    case ADD: top--, top[-1] += *top; break;
    case MUL: top--, top[-1] *= *top; break;
    case SHR: top--, top[-1] >>= *top; break;
    case AND: top--, top[-1] &= *top; break;
    case LESS: top--, top[-1] = top[-1] < *top; break;
    case JUMP: at = code + at->operand - 1; break;
    case JUMP_IF:
      if (*--top) at = code + at->operand - 1;
      break;
    default: return locals[2];
    }
  }
}

int main(int argc, char **argv) {
  printf("machine %u\n", run(argc > 1 ? (uint32_t)atoi(argv[1]) : 30000));
  return 0;
}
