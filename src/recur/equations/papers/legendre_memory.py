"""The Legendre memory unit."""

import numpy as np

from recur.equations.fixed import fixed
from recur.equations.language import tanh
from recur.equations.trace import equation
from recur.equations.traced import Equation


def window(steps: int) -> Equation:
    """The cell for a window of this many steps."""

    A = fixed("N N", lambda N: _discrete(N, steps)[0])
    B = fixed("N 1", lambda N: _discrete(N, steps)[1])

    @equation(x="X", h="H", m="N", W_xh="H X", W_hh="H H", W_mh="H N", w_x="1 X", w_h="1 H", w_m="1 N", A=A, B=B)
    def legendre_memory(x, h, m, W_xh, W_hh, W_mh, w_x, w_h, w_m, A, B):
        """Legendre memory unit (LMU): N numbers that hold the last 100 steps of a signal as Legendre polynomials.

        ``window(steps)`` of this file makes the cell for another length.

        Source: A. Voelker, I. Kajic, C. Eliasmith (2019), Legendre memory units, equations 1 to 7.
        """
        m = A @ m + B @ (w_x @ x + w_h @ h + w_m @ m)
        h = tanh(W_xh @ x + W_hh @ h + W_mh @ m)
        return h, m

    return legendre_memory


def _discrete(order: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """A and B of the delay of this many steps, held constant between steps."""
    i, j = np.mgrid[:order, :order]
    a = (2 * i + 1) / steps * np.where(i < j, -1.0, (-1.0) ** (i - j + 1))
    b = ((2 * i[:, :1] + 1) * (-1.0) ** i[:, :1]) / steps
    # exp of [[a, b], [0, 0]] has both: e^a, and the integral of e^(a t) b
    whole = np.zeros((order + 1, order + 1))
    whole[:order, :order], whole[:order, order:] = a, b
    exponential = _exponential(whole)
    return exponential[:order, :order], exponential[:order, order:]


def _exponential(matrix: np.ndarray) -> np.ndarray:
    """e^M by a Taylor series of M / 2^k, squared k times."""
    halvings = max(0, int(np.ceil(np.log2(np.abs(matrix).sum(1).max() + 1e-300))) + 1)
    small = matrix / 2.0**halvings
    result = term = np.eye(len(matrix))
    for power in range(1, 20):
        term = term @ small / power
        result = result + term
    for _ in range(halvings):
        result = result @ result
    return result


legendre_memory = window(100)
