"""The minimal GRU, whose gates read the input alone."""

from recur.equations.language import sigmoid, split
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="2H X", b="2H")
def min_gru(x, h, W_xh, b):
    """Minimal GRU: the gate and the candidate read the input alone, so that the state enters affinely.

    Source: L. Feng et al. (2024), Were RNNs all we needed?, arXiv:2410.01201, section 3.1.
    """
    z, n = split(W_xh @ x + b, 2)
    z = sigmoid(z)
    h = (1 - z) * h + z * n
    return h
