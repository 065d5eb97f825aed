// The functions of the core's library, loaded at run time as the Python side loads it.
#pragma once

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "recur.h"

template <class Function>
Function* named(void* library, const char* name) {
  void* found = library == nullptr ? nullptr : dlsym(library, name);
  if (found == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  return reinterpret_cast<Function*>(found);
}

struct Core {
  void* library;
  decltype(recur_forward)* forward = named<decltype(recur_forward)>(library, "recur_forward");
  decltype(recur_backward)* backward = named<decltype(recur_backward)>(library, "recur_backward");
  decltype(recur_release)* release = named<decltype(recur_release)>(library, "recur_release");
  decltype(recur_message)* message = named<decltype(recur_message)>(library, "recur_message");
  decltype(recur_freeze)* freeze = named<decltype(recur_freeze)>(library, "recur_freeze");
  decltype(recur_frozen_uses)* frozen_uses = named<decltype(recur_frozen_uses)>(library, "recur_frozen_uses");
  decltype(recur_thaw)* thaw = named<decltype(recur_thaw)>(library, "recur_thaw");
};

inline void must(const Core& core, int64_t status) {
  if (status == RECUR_OK) return;
  std::fprintf(stderr, "status %ld: %s\n", static_cast<long>(status), core.message());
  std::exit(1);
}
