// Needs a function that no host has.
__attribute__((import_module("moon"), import_name("base"))) extern int moon_base(void);

int main(void) { return moon_base(); }
