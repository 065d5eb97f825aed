"""The simple recurrent unit."""

from recur.equations.language import sigmoid, split
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", W_xh="4H X", b_f="H", b_r="H")
def simple_recurrent_unit(x, h, c, W_xh, b_f, b_r):
    """Simple recurrent unit (SRU): a light recurrence and a highway past it, without c in the gates.

    Source: T. Lei et al. (2018), Simple recurrent units for highly parallelizable recurrence, section 3, with v = 0.
    """
    n, f, r, past = split(W_xh @ x, 4)
    f, r = sigmoid(f + b_f), sigmoid(r + b_r)
    c = f * c + (1 - f) * n
    h = r * c + (1 - r) * past
    return h, c
