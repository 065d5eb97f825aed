"""The pooling of the quasi-recurrent network."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", W_xh="3H X", b="3H")
def quasi_recurrent(x, h, c, W_xh, b):
    """Quasi-recurrent network (QRNN) with fo-pooling, of filters that are one step wide.

    Source: J. Bradbury et al. (2017), Quasi-recurrent neural networks, equations 3 and 4.
    """
    n, f, o = split(W_xh @ x + b, 3)
    f = sigmoid(f)
    c = f * c + (1 - f) * tanh(n)
    h = sigmoid(o) * c
    return h, c
