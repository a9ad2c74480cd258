// Traps three named functions deep.
__attribute__((noinline)) void innermost_function(int depth) {
  if (depth > 0) __builtin_trap();
}

__attribute__((noinline)) void outer_function(int depth) {
  innermost_function(depth + 1);
  __asm__ volatile("");
}

int main(int argc, char **argv) {
  (void)argv;
  outer_function(argc);
  return 0;
}
