// Step of a stack as a Python function: arrays are read through the buffer protocol, at a tenth of what the same checks
// take in Python.
#pragma once

#include "python.h"
#include "stack.h"

namespace recur {

constexpr char kStackName[] = "recur.stack";
constexpr int kReadBuffer = 0x3c, kWriteBuffer = 0x3d;  // PyBUF_FORMAT | PyBUF_C_CONTIGUOUS, | PyBUF_WRITABLE

// whether a buffer is (B, width), or (width,) for one row, of the numbers of a stack
inline bool is_step(const PythonBuffer& buffer, const StreamStack& stack, int64_t width) {
  const char type = stack.type() == 1 ? 'd' : 'f';
  const int axes = buffer.axes;
  if (buffer.format == nullptr || buffer.format[0] != type || buffer.format[1] != '\0') return false;
  if (reinterpret_cast<uintptr_t>(buffer.address) % static_cast<uintptr_t>(buffer.element) != 0) return false;
  if (axes == 1 ? stack.rows() != 1 : axes != 2 || buffer.sizes[0] != stack.rows()) return false;
  return buffer.sizes[axes - 1] == width;
}

inline void* python_stepped(void* self, void* const* arguments, ssize_t count) {
  const Python& python = Python::instance();
  auto* stack = static_cast<StreamStack*>(python.unwrap(self, kStackName));
  PythonBuffer x, y;
  if (stack == nullptr || count != 2 || python.get(arguments[0], &x, kReadBuffer) != 0) {
    python.clear();
    return python.boolean(0);
  }
  bool stepped = false;
  if (python.get(arguments[1], &y, kWriteBuffer) != 0) {
    python.clear();
  } else {
    stepped = is_step(x, *stack, stack->input()) && is_step(y, *stack, stack->output());
    if (stepped) {
      void* thread = stack->work() < kWorthUnlocking ? nullptr : python.unlock();
      stack->run(x.address, y.address, 1);
      if (thread != nullptr) python.lock(thread);
    }
    python.release(&y);
  }
  python.release(&x);
  return python.boolean(stepped);
}

inline void* python_step(void* stack) {
  static const PythonMethod method = {"step", python_stepped, kPythonFastCall, nullptr};
  const Python& python = Python::instance();
  if (stack == nullptr || !python.complete()) return nullptr;
  void* self = python.wrap(stack, kStackName, nullptr);
  if (self == nullptr) return nullptr;
  void* function = python.function(&method, self, nullptr);
  python.forget(self);
  return function;
}

}  // namespace recur
