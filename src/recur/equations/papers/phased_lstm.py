"""The phased LSTM."""

from recur.equations.language import exp, sigmoid, split, tanh
from recur.equations.surrogates import greater
from recur.equations.trace import equation


@equation(x="X", t="1 input", h="H", c="H", W_xh="4H X", W_hh="4H H", b="4H", log_period="H", shift="H",
          ratio="1 = 0.05", leak="1 = 0.001")  # fmt: skip
def phased_lstm(x, t, h, c, W_xh, W_hh, b, log_period, shift, ratio, leak):
    """Phased LSTM: each unit is updated in a part of its own period, at the time ``t`` of the step.

    Source: D. Neil, M. Pfeiffer, S.-C. Liu (2016), Phased LSTM, equations 6 to 12.
    """
    period = exp(log_period)
    phase = ((t - shift) % period) / period
    rises, falls = greater(0.5 * ratio, phase), greater(ratio, phase)
    k = rises * (2 * phase / ratio) + (falls - rises) * (2 - 2 * phase / ratio) + (1 - falls) * leak * phase
    i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)
    new_c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    new_h = sigmoid(o) * tanh(new_c)
    c = k * new_c + (1 - k) * c
    h = k * new_h + (1 - k) * h
    return h, c
