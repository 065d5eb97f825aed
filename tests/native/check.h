// Checks of a test program: the first that fails ends it with what was expected; each test prints how many it made.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>

inline long checked = 0;

#define CHECK(CONDITION)                                                            \
  do {                                                                              \
    ++checked;                                                                      \
    if (!(CONDITION)) {                                                             \
      std::fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #CONDITION); \
      std::exit(1);                                                                 \
    }                                                                               \
  } while (false)

// within a few units in the last place of the sum of the sizes of what was added
inline void check_near(double found, double expected, double scale, double epsilon, const char* where) {
  ++checked;
  if (std::fabs(found - expected) <= epsilon * (scale + 1)) return;
  std::fprintf(stderr, "%s: %.17g, expected %.17g\n", where, found, expected);
  std::exit(1);
}

template <class Test>
void run_test(const char* name, const Test& test) {
  checked = 0;
  test();
  std::printf("%s %ld\n", name, checked);
}
