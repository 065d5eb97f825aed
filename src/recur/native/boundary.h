// C boundary: error messages of a call, and no exception that leaves a C function.
#pragma once

#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>

#include "recur.h"

namespace recur {

// the message of the thread's last call
inline char* message() {
  static thread_local char text[256] = "";
  return text;
}
constexpr size_t kMessageBytes = 256;

inline int64_t refuse(const char* what) {
  std::snprintf(message(), kMessageBytes, "%s", what);
  return RECUR_BAD_CALL;
}

inline int64_t with_message(int64_t status) {
  if (status == RECUR_NO_MEMORY) std::snprintf(message(), kMessageBytes, "not enough memory");
  if (status == RECUR_INTERRUPTED) std::snprintf(message(), kMessageBytes, "interrupted");
  return status;
}

// the status that body returns, or that of the exception that it throws
template <class Body>
int64_t guarded(const Body& body) noexcept {
  try {
    return with_message(body());
  } catch (const std::bad_alloc&) {
    return with_message(RECUR_NO_MEMORY);
  } catch (const std::length_error&) {  // a vector longer than memory
    return with_message(RECUR_NO_MEMORY);
  } catch (const std::exception& error) {
    return refuse(error.what());
  } catch (...) {
    return refuse("an unknown exception");
  }
}

}  // namespace recur
