"""The LSTM with exponential gates."""

from recur.equations.language import exp, maximum, sigmoid, softplus, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", n="H", m="H", W_xh="4H X", W_hh="4H H", b="4H")
def slstm(x, h, c, n, m, W_xh, W_hh, b):
    """sLSTM: exponential input gates, a normaliser n, and a stabiliser m that keeps every exponent at most 0.

    Source: M. Beck et al. (2024), xLSTM: extended long short-term memory, equations 8 to 17.
    """
    i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)
    keep = m - softplus(-f)
    top = maximum(keep, i)
    i, f = exp(i - top), exp(keep - top)
    c = f * c + i * tanh(g)
    n = f * n + i
    h = sigmoid(o) * c / maximum(n, 1e-6)
    return h, c, n, top
