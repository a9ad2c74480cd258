// The deaf guest with functions that nobody calls: it takes a node long to make it ready, and nothing runs until then.
#define ONE(n) \
  __attribute__((optnone, noinline, export_name("f" #n))) int f##n(int x) { \
    for (int i = 0; i < x; i++) x ^= i * (n % 97 + 3); \
    return x; \
  }
#define TEN(n) ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n) TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)
#define THOUSAND(n) HUNDRED(n##0) HUNDRED(n##1) HUNDRED(n##2) HUNDRED(n##3) HUNDRED(n##4) HUNDRED(n##5) HUNDRED(n##6) HUNDRED(n##7) HUNDRED(n##8) HUNDRED(n##9)
THOUSAND(11) THOUSAND(12) THOUSAND(13) THOUSAND(14) THOUSAND(15) THOUSAND(16) THOUSAND(17) THOUSAND(18)

#include "deaf.c"
