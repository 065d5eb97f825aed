// Step of a stack as a Python function: arrays are read through the buffer protocol, at a tenth of what the same checks
// take in Python. Nothing is built against Python: its functions, all of the stable interface (3.11), are looked up in
// the running process.
#pragma once

#include <dlfcn.h>
#include <sys/types.h>

#include <cstdint>
#include <cstring>

#include "stack.h"

namespace recur {

// Py_buffer and PyMethodDef of the stable interface
struct PythonBuffer {
  void *address, *object;
  ssize_t bytes, element;
  int readonly, axes;
  char* format;
  ssize_t *sizes, *strides, *suboffsets;
  void* internal;
};
using PythonFunction = void* (*)(void* self, void* const* arguments, ssize_t count);
struct PythonMethod {
  const char* name;
  PythonFunction function;
  int flags;
  const char* text;
};

struct Python {
  int (*get)(void* object, PythonBuffer* buffer, int flags);
  void (*release)(PythonBuffer* buffer);
  void (*clear)();
  void* (*boolean)(long value);
  void* (*unlock)();
  void (*lock)(void* thread);
  void* (*wrap)(void* pointer, const char* name, void (*destructor)(void*));
  void* (*unwrap)(void* capsule, const char* name);
  void* (*function)(const PythonMethod* method, void* self, void* module);
  void (*forget)(void* object);

  static const Python& instance() {
    static const Python found;
    return found;
  }
  bool complete() const { return complete_; }

 private:
  Python() {
    find(get, "PyObject_GetBuffer"), find(release, "PyBuffer_Release"), find(clear, "PyErr_Clear");
    find(boolean, "PyBool_FromLong"), find(unlock, "PyEval_SaveThread"), find(lock, "PyEval_RestoreThread");
    find(wrap, "PyCapsule_New"), find(unwrap, "PyCapsule_GetPointer"), find(function, "PyCFunction_NewEx");
    find(forget, "Py_DecRef");
  }
  template <class Function>
  void find(Function& to, const char* name) {
    to = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
    complete_ = complete_ && to != nullptr;
  }
  bool complete_ = true;
};

constexpr char kStackName[] = "recur.stack";
constexpr int kPythonFastCall = 0x80;                   // METH_FASTCALL
constexpr int kReadBuffer = 0x3c, kWriteBuffer = 0x3d;  // PyBUF_FORMAT | PyBUF_C_CONTIGUOUS, | PyBUF_WRITABLE
constexpr int64_t kWorthUnlocking = 64 * 1024;  // multiplications of a step from which other threads of Python may run

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
