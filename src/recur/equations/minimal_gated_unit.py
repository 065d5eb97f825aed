"""Minimal gated unit (MGU)."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="2H X", W_fh="H H", W_nh="H H", b="2H")
def minimal_gated_unit(x, h, W_xh, W_fh, W_nh, b):
    """Minimal gated unit: one gate that forgets and resets.

    Source: G.-B. Zhou et al. (2016), Minimal gated unit for recurrent neural networks, equations 6a-6c.
    """
    f_x, n_x = split(W_xh @ x + b, 2)
    f = sigmoid(f_x + W_fh @ h)
    n = tanh(n_x + W_nh @ (f * h))
    h = (1 - f) * h + f * n
    return h
