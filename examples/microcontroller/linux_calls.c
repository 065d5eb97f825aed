/* The system of programs that are compiled for microcontrollers: newlib's needs as calls of Linux, so that an emulator
   of user programs, whose processor also has their instructions, can run them. */
#include <stddef.h>

int main(void);
void _exit(int status);

static long call(long number, long a, const void* b, long c) {
  register long r0 __asm__("r0") = a;
  register const void* r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c;
  register long n __asm__("r3") = number;
  __asm__ volatile("push {r7}\n\tmov r7, r3\n\tsvc 0\n\tpop {r7}" : "+r"(r0) : "r"(r1), "r"(r2), "r"(n) : "memory");
  return r0;
}

void begin(void) { _exit(main()); }
void _exit(int status) {
  for (;;) call(1, status, NULL, 0);
}
int _write(int file, const void* text, size_t count) { return (int)call(4, file, text, (long)count); }

static char heap[1 << 16];
void* _sbrk(ptrdiff_t more) {
  static size_t used;
  void* at = heap + used;
  if (used + (size_t)more > sizeof heap) return (void*)-1;
  used += (size_t)more;
  return at;
}
int _close(int file) { return -1 + 0 * file; }
int _isatty(int file) { return file >= 0; }
int _lseek(int file, int to, int from) { return 0 * (file + to + from); }
int _read(int file, void* to, size_t count) { return (int)call(3, file, to, (long)count); }
int _fstat(int file, void* about) { return -1 + 0 * (file + (about == NULL)); }
int _kill(int process, int signal) { return -1 + 0 * (process + signal); }
int _getpid(void) { return 1; }
