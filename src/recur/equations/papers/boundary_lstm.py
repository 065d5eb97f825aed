"""The LSTM that draws where a segment ends."""

from recur.equations.language import maximum, minimum, sigmoid, split, tanh
from recur.equations.surrogates import bernoulli
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", z="1", W_xh="4H X", W_hh="4H H", b="4H", w_x="1 X", w_h="1 H", b_z="1")
def boundary_lstm(x, h, c, z, W_xh, W_hh, b, w_x, w_h, b_z):
    """LSTM with a boundary detector: a binary gate, drawn at every step, ends a segment and flushes the memory.

    Source: J. Chung, S. Ahn, Y. Bengio (2017), Hierarchical multiscale recurrent neural networks, equations 2 to 6,
    with one layer, and the straight-through estimator of section 2.3 with a slope of 1.
    """
    i, f, o, g = split(W_xh @ x + W_hh @ h + b, 4)
    update = sigmoid(f) * c + sigmoid(i) * tanh(g)
    flush = sigmoid(i) * tanh(g)
    c = z * flush + (1 - z) * update
    likely = maximum(0.0, minimum(1.0, (w_x @ x + w_h @ h + b_z + 1) / 2))
    z = bernoulli(likely, z)
    h = sigmoid(o) * tanh(c)
    return h, c, z
