"""GRU with the reset gate before the matrix product, as first published."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="3H X", W_hh="2H H", W_nh="H H", b="3H")
def gru_reset_before(x, h, W_xh, W_hh, W_nh, b):
    """Gated recurrent unit as first published: the reset gate before the product.

    Source: K. Cho et al. (2014), arXiv:1406.1078, equations 5-8.
    """
    r_x, z_x, n_x = split(W_xh @ x + b, 3)
    r_h, z_h = split(W_hh @ h, 2)
    r = sigmoid(r_x + r_h)
    z = sigmoid(z_x + z_h)
    n = tanh(n_x + W_nh @ (r * h))
    h = (1 - z) * n + z * h
    return h
