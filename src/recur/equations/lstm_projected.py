"""LSTM with a projected output (LSTMP)."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="P", c="H", W_xh="4H X", W_hh="4H P", W_hr="P H", b="4H")
def lstm_projected(x, h, c, W_xh, W_hh, W_hr, b):
    """LSTM whose output is projected to a smaller size P.

    Source: H. Sak, A. Senior, F. Beaufays (2014), Long short-term memory based recurrent architectures, section 2.2.
    """
    i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = W_hr @ (sigmoid(o) * tanh(c))
    return h, c
