"""LSTM: long short-term memory."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", W_xh="4H X", W_hh="4H H", b="4H")
def lstm(x, h, c, W_xh, W_hh, b):
    """Long short-term memory: gates, and a cell state that runs straight down the chain.

    Source: S. Hochreiter, J. Schmidhuber (1997); with the forget gate of F. Gers et al. (2000).
    """
    i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return h, c
