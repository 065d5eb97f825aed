"""The LSTM with ordered neurons."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation
from recur.equations.vectors import cumsum, softmax


@equation(x="X", h="H", c="H", W_xh="6H X", W_hh="6H H", b="6H")
def ordered_lstm(x, h, c, W_xh, W_hh, b):
    """LSTM with ordered neurons (ON-LSTM): a unit that is erased takes those before it along, which learns trees.

    Source: Y. Shen et al. (2019), Ordered neurons, equations 6 to 12; the running sum of a softmax is "cumax".
    """
    i, f, g, o, f_m, i_m = split(W_xh @ x + W_hh @ h + b, 6)
    forget, write = cumsum(softmax(f_m)), 1 - cumsum(softmax(i_m))
    both = forget * write
    c = (sigmoid(f) * both + forget - both) * c + (sigmoid(i) * both + write - both) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return h, c
