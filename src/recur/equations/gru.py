"""GRU (gated recurrent unit) with the reset gate after the matrix product, as in torch.nn."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="3H X", W_hh="3H H", b_x="3H", b_h="3H")
def gru(x, h, W_xh, W_hh, b_x, b_h):
    """Gated recurrent unit, the reset gate after the product (as cuDNN and torch have it).

    Source: K. Cho et al. (2014), version 3 of arXiv:1406.1078, in the form of J. Chung et al. (2014).
    """
    r_x, z_x, n_x = split(W_xh @ x + b_x, 3)
    r_h, z_h, n_h = split(W_hh @ h + b_h, 3)
    r = sigmoid(r_x + r_h)
    z = sigmoid(z_x + z_h)
    n = tanh(n_x + r * n_h)
    h = (1 - z) * n + z * h
    return h
