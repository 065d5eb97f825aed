// Interrupts: whether Ctrl-C was pressed in a Python process. Nothing is built against Python: its functions are looked
// up in the running process.
#pragma once

#include <dlfcn.h>

#include <cstdint>

namespace recur {

inline int64_t python_interrupted() {
  static const auto ensure = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "PyGILState_Ensure"));
  static const auto release = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "PyGILState_Release"));
  static const auto signalled = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "PyErr_CheckSignals"));
  static const auto clear = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "PyErr_Clear"));
  if (ensure == nullptr || release == nullptr || signalled == nullptr || clear == nullptr) return 0;
  const int state = ensure();
  const int64_t stop = signalled() != 0;
  if (stop) clear();  // the caller raises it again, once our memory is released
  release(state);
  return stop;
}

}  // namespace recur
