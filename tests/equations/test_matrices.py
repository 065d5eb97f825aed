"""States that are matrices: what outer, dot, products and scalings are in numbers, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from recur.engine import run
from recur.equations import (
    Equation,
    Symbol,
    concat,
    dot,
    equation,
    matrices,
    outer,
    push,
    scale_columns,
    scale_rows,
    tanh,
)
from recur.errors import EquationError
from tests.equations.test_language import vector
from tests.tolerances import close


@equation(x="X", h="P", C="P Q", W_p="P X", W_q="Q X")
def every_word(x, h, C, W_p, W_q):
    p, q = W_p @ x, W_q @ x
    C = 0.5 * scale_rows(C, tanh(p)) - scale_columns(C, q) * dot(p, p) + outer(p, q)
    h = C @ q + (C + 1) @ (C.T @ p) + 0 * h
    return h, C


def by_hand(x: torch.Tensor, W_p: torch.Tensor, W_q: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The same, row by row, written with matrices."""
    T, B = x.shape[:2]
    outputs, finals = [], []
    for row in range(B):
        C, hs = torch.zeros(len(W_p), len(W_q), dtype=x.dtype), []
        for t in range(T):
            p, q = W_p @ x[t, row], W_q @ x[t, row]
            C = 0.5 * torch.diag(torch.tanh(p)) @ C - C @ torch.diag(q) * (p @ p) + torch.outer(p, q)
            hs.append(C @ q + (C + 1) @ (C.T @ p))
        outputs.append(torch.stack(hs))
        finals.append(C.flatten())
    return torch.stack(outputs, 1), torch.stack(finals)


def test_a_matrix_of_every_row_is_what_it_is_by_hand() -> None:
    torch.manual_seed(0)
    x, W_p, W_q = (torch.randn(shape, dtype=torch.float64) for shape in ((4, 3, 2), (5, 2), (3, 2)))
    result = run(every_word, x, None, {"W_p": W_p, "W_q": W_q})
    outputs, final = by_hand(x, W_p, W_q)
    close(result.outputs, outputs, "outputs")
    close(result.states["C"], final, "C, row after row")
    assert result.report.ran == "native"


def test_the_state_is_kept_row_after_row() -> None:
    assert every_word.states == ("h", "C")
    assert every_word.shape("C", X=2, P=5, Q=3) == (15,)


def matrix(rows: str = "H", columns: str = "X") -> Symbol:
    u = vector("u", rows)
    return outer(u, vector("v", columns, u.builder))


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda: matrix() @ vector("w", "H"), "the matrix multiplies a vector of X, and the right side is H"),
        (lambda: matrix().T @ vector("w", "X"), "multiplies a vector of H, and the right side is X"),
        (lambda: matrix() @ 2.0, "the right side must be a vector"),
        (lambda: matrix().T @ 2.0, "the right side is 2.0"),
        (lambda: matrix() @ matrix(), "multiplies a vector of X"),
        (lambda: matrix() * vector("w", "H"), "a matrix and another value: their sizes differ, H x X and H"),
        (lambda: matrix() + matrix("X", "H"), "their sizes differ, H x X and X x H"),
        (lambda: concat(matrix()), "concat on the matrix"),
        (lambda: outer(matrix(), vector()), "outer takes vectors of the equation"),
        (lambda: push(matrix(), vector("w", "H")), "push of H into H x X: expected a matrix"),
        (lambda: push(vector(), vector()), "push of H into H: expected a matrix"),
        (lambda: dot(vector(), 1.0), "dot takes vectors of the equation, got 1.0"),
        (lambda: scale_rows(matrix(), vector("w", "X")), "one element for each row"),
        (lambda: scale_columns(vector(), vector()), "scale_columns of H by H: expected a matrix"),
        (lambda: matrices.scale_rows(1.0, vector()), "scale_rows of 1.0"),
    ],
)
def test_what_cannot_be_right_is_refused(write: Callable[[], object], said: str) -> None:
    with pytest.raises(EquationError, match=said):
        write()


def _returns(value: Callable[..., object], **sizes: str) -> Callable[[], Equation]:
    def define() -> Equation:
        def cell(x, h, C, W):
            return value(x, h, C, W)

        return equation(**{"x": "X", "h": "H", "C": "H H", "W": "H X", **sizes})(cell)

    return define


@pytest.mark.parametrize(
    ("define", "said"),
    [
        (_returns(lambda x, h, C, W: (tanh(W @ x + C @ h), C)), "declared as the matrix H x H and returned as it is"),
        (_returns(lambda x, h, C, W: (tanh(W @ x + C @ h), W @ x)), "declared as the matrix H x H"),
        (_returns(lambda x, h, C, W: (tanh(W @ x) + h, outer(W @ x, x) + 0 * C)), "sizes differ, H x X and H x H"),
        (_returns(lambda x, h, C, W: (outer(W @ x, h), C)), "H x H for the state h, which is declared as H|as it is"),
    ],
)
def test_a_new_state_has_the_declared_rows_and_columns(define: Callable[[], Equation], said: str) -> None:
    with pytest.raises(EquationError, match=said):
        define()
