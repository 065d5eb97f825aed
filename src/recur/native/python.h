// Python's own functions, for functions of the core that Python calls. Nothing is built against Python: they are all of
// the stable interface (3.11), and are looked up in the running process.
#pragma once

#include <dlfcn.h>
#include <sys/types.h>

#include <cstdint>
#include <cstring>

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
  void* (*number)(long long value);
  long long (*integer)(void* object);

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
    find(forget, "Py_DecRef"), find(number, "PyLong_FromLongLong"), find(integer, "PyLong_AsLongLong");
  }
  template <class Function>
  void find(Function& to, const char* name) {
    to = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
    complete_ = complete_ && to != nullptr;
  }
  bool complete_ = true;
};

constexpr int kPythonFastCall = 0x80;           // METH_FASTCALL
constexpr int64_t kWorthUnlocking = 64 * 1024;  // multiplications from which other threads of Python may run meanwhile

}  // namespace recur
