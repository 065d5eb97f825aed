"""The time-aware LSTM."""

import math

from recur.equations.language import log, relu, sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", dt="1 input", h="H", c="H", W_xh="4H X", W_hh="4H H", W_d="H H", b="4H", b_d="H")
def time_lstm(x, dt, h, c, W_xh, W_hh, W_d, b, b_d):
    """Time-aware LSTM: the short-term part of the cell state fades with the time since the last step.

    Source: I. M. Baytas et al. (2017), Patient subtyping via time-aware LSTM networks, section 3.1.
    """
    short = tanh(W_d @ c + b_d)
    c = c - short + short / log(math.e + relu(dt))
    i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return h, c
