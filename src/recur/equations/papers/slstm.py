"""The LSTM with exponential gates."""

from recur.equations.language import exp, maximum, sigmoid, softplus, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", n="H", m="H", W_xh="4H X", W_hh="4H H", b="4H")
def slstm(x, h, c, n, m, W_xh, W_hh, b):
    """sLSTM: exponential input gates, a normaliser n, and a stabiliser m that keeps every exponent at most 0.

    With large weights its states are chaotic: of standard normal weights (64 inputs and units), a change by 2^-24 of
    each, which is the rounding of float32, is a different output within 100 steps, in float64 too. With the initial
    weights of a layer nothing grows. The bias of the input gate cancels in c / n where n starts at zero: its gradient
    is zero but for rounding, which Adam scales to whole updates, so this bias drifts and the outputs stay the same.

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
