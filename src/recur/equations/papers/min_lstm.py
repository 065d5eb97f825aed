"""The minimal LSTM, whose gates read the input alone."""

from recur.equations.language import sigmoid, split
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="3H X", b="3H")
def min_lstm(x, h, W_xh, b):
    """Minimal LSTM: two gates of the input alone, scaled so that their sum is 1.

    Source: L. Feng et al. (2024), Were RNNs all we needed?, arXiv:2410.01201, section 3.2.
    """
    f, i, n = split(W_xh @ x + b, 3)
    f, i = sigmoid(f), sigmoid(i)
    h = f / (f + i) * h + i / (f + i) * n
    return h
