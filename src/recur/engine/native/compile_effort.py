"""How much work the C++ compiler has with a cell: fast flags for long ones, and a refusal of those that take too long.

The time that g++ takes for a function grows faster than its length: the element-wise operations of a stage are one
function without branches, and its registers are allocated at once. On an AVX-512 core a function of 1,300 lines takes
5 seconds with the usual flags, one of 2,100 lines 11 (with the fast flags 5), and one of 3,400 lines 26 (10). The fast
flags cost a seventh of the speed: 250 chained tanh of 64 units take 83 ms and not 73, and 488 in torch.
"""

from __future__ import annotations

from recur.errors import BackendError

_FUNCTION = "template <class T>"
_FAST = ("-O1", "-fira-region=one", "-fira-algorithm=priority")  # of the allocation of registers
_LONG_FUNCTION, _LONG_TEXT = 1_300, 8_000  # lines
_LONGEST_FUNCTION, _LONGEST_TEXT = 3_000, 11_000


def flags_for(text: str) -> tuple[str, ...]:
    """Flags beside the usual ones for the C++ text of a cell.

    Raises
    ------
    BackendError
        If it would take more than about ten seconds to compile.
    """
    lines, longest = _measure(text)
    if longest > _LONGEST_FUNCTION or lines > _LONGEST_TEXT:
        raise BackendError(
            f"the step has {lines:,} lines of C++, {longest:,} of them in one function, and would take more than ten "
            "seconds to compile",
            hint="write the step with fewer operations, or with longer vectors",
        )
    return _FAST if longest > _LONG_FUNCTION or lines > _LONG_TEXT else ()


def _measure(text: str) -> tuple[int, int]:
    """The lines of a text, and of its longest function."""
    functions = [part.count("\n") for part in text.split(_FUNCTION)]
    return sum(functions), max(functions)
