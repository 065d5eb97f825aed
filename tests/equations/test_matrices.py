"""States that are matrices: what outer, dot, products and scalings are in numbers, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from recur.engine import run
from recur.equations import (
    Equation,
    Symbol,
    by_head,
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


def heads_matrix() -> Symbol:
    u = vector("u")
    return outer(u, vector("v", "H", u.builder), "heads")


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
        (lambda: outer(vector(), vector("v", "1"), "heads"), "a vector of 1 is not divided among heads"),
        (lambda: outer(vector(), vector(), 4), "heads=4, expected the name of a size"),
        (lambda: dot(vector(), vector(), "2heads"), "heads='2heads', expected the name of a size"),
        (lambda: dot(vector(), vector(), "H"), "a vector of H is not divided among H"),
        (lambda: by_head(vector("f", "heads"), matrix()), "expected a vector, or a state declared with / heads"),
        (lambda: by_head(vector("f", "heads"), 1.0), "by_head of heads numbers for 1.0"),
        (lambda: by_head(vector("f", "2heads"), vector()), "expected the name of a size"),
        (lambda: heads_matrix() + matrix("H", "H"), "their sizes differ, H x H / heads and H x H"),
        (lambda: push(heads_matrix(), vector("w", "H")), "push of H into H x H / heads: expected a matrix"),
        (lambda: scale_rows(heads_matrix(), vector("w", "H")), "scale_rows of H x H / heads by H"),
        (lambda: heads_matrix() @ vector("w", "heads"), "multiplies a vector of H, and the right side is heads"),
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


@equation(x="X", h="H", C="H P / heads", s="heads", W_u="H X", W_v="P X")
def every_word_by_head(x, h, C, s, W_u, W_v):
    """Blocks that are not square, both products, a sum by head and numbers of heads for vectors and blocks."""
    u, v = W_u @ x, W_v @ x
    s = 0.5 * s + dot(u, tanh(u), "heads")
    C = by_head(tanh(s), C) * C + outer(u, by_head(s, v) * v, "heads")
    return C @ v + by_head(s, u) * u + (C * C) @ (C.T @ u) + 0 * h, C, s


def test_blocks_of_every_row_are_what_they_are_by_hand_with_every_gradient() -> None:
    torch.manual_seed(0)
    N, D, E = 3, 2, 4
    shapes = {"x": (3, 2, 2), "W_u": (N * D, 2), "W_v": (N * E, 2)}
    leaves = {name: torch.randn(shape, dtype=torch.float64).requires_grad_() for name, shape in shapes.items()}
    x, W_u, W_v = leaves.values()
    C, s, outputs = x.new_zeros(2, N, D, E), x.new_zeros(2, N), []
    for step in x:
        u, v = (step @ W_u.T).unflatten(1, (N, D)), (step @ W_v.T).unflatten(1, (N, E))
        s = 0.5 * s + (u * u.tanh()).sum(-1)
        C = s.tanh()[..., None, None] * C + torch.einsum("bni,bnj->bnij", u, s[..., None] * v)
        both = torch.einsum("bnij,bnj->bni", C * C, torch.einsum("bnij,bni->bnj", C, u))
        outputs.append((torch.einsum("bnij,bnj->bni", C, v) + s[..., None] * u + both).flatten(1))
    expected = torch.stack(outputs)
    weight = torch.randn_like(expected)
    gradients = torch.autograd.grad((expected * weight).sum(), leaves.values())
    for backend in ("native", "eager"):
        result = run(
            every_word_by_head,
            x,
            {"C": x.new_zeros(2, N * D * E), "s": x.new_zeros(2, N)},
            {"W_u": W_u, "W_v": W_v},
            backend=backend,
        )
        close(result.outputs, expected, backend)
        close(result.states["C"], C.flatten(1), f"{backend}: the blocks, one after the other")
        for leaf, found, right in zip(
            leaves, torch.autograd.grad((result.outputs * weight).sum(), leaves.values()), gradients, strict=True
        ):
            close(found, right, f"{backend} d{leaf}")


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"C": "H H / 4"}, "the state C of H x H / 4: rows, columns and the number of blocks are symbols"),
        ({"C": "H H"}, "their sizes differ, H x H and H x H / heads"),
        ({"C": "H H / parts"}, "their sizes differ, H x H and H x H / heads"),
    ],
)
def test_a_state_of_blocks_is_declared_by_symbols(declared: dict[str, str], said: str) -> None:
    with pytest.raises(EquationError) as refused:

        @equation(**{"x": "X", "h": "H", "W": "H X", "b": "heads", **declared})
        def cell(x, h, C, W, b):
            u = W @ x
            heads = "4" if declared["C"].endswith("4") else "heads"
            return C @ u + by_head(b, u) + 0 * h, C + outer(u, u, heads)

    assert said in refused.value.message or "expected the name of a size" in refused.value.message


def test_a_size_that_no_argument_has_is_refused_by_name() -> None:
    with pytest.raises(EquationError, match='no argument has the size "head". Did you mean "heads"'):

        @equation(x="X", h="H", W="H X", b="heads")
        def cell(x, h, W, b):
            u = W @ x
            return by_head(dot(u, u, "head"), u) + by_head(b, u) + h


def test_a_number_of_parts_that_does_not_divide_a_vector_is_refused() -> None:
    @equation(x="X", h="H", W="H X", b="heads")
    def cell(x, h, W, b):
        u = W @ x
        return by_head(b, u) * u + h

    x = torch.randn(3, 2, 2)
    with pytest.raises(EquationError, match="heads = 4 parts do not divide H = 6"):
        run(cell, x, None, {"W": torch.randn(6, 2), "b": torch.randn(4)})
