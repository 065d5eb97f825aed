"""Elman network with ReLU units."""

from recur.equations.language import relu
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H")
def elman_relu(x, h, W_xh, W_hh, b):
    """Plain recurrent network with rectified units.

    Source: Q. V. Le, N. Jaitly, G. Hinton (2015), A simple way to initialize recurrent networks of ReLUs, section 3.
    """
    h = relu(W_xh @ x + W_hh @ h + b)
    return h
