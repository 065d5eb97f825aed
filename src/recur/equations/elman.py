"""Elman network: the plain recurrent network with tanh units."""

from recur.equations.language import tanh
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="H X", W_hh="H H", b="H")
def elman(x, h, W_xh, W_hh, b):
    """Plain recurrent network: h_t = tanh(W_xh x_t + W_hh h_{t-1} + b).

    Source: J. L. Elman (1990), Finding structure in time, Cognitive Science 14.
    """
    h = tanh(W_xh @ x + W_hh @ h + b)
    return h
