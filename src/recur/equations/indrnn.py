"""IndRNN: the independently recurrent network."""

from recur.equations.language import relu
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="H X", u="H", b="H")
def indrnn(x, h, W_xh, u, b):
    """Independently recurrent network: each unit remembers only itself.

    Source: S. Li et al. (2018), Independently recurrent neural network (IndRNN), equation 2.
    """
    h = relu(W_xh @ x + u * h + b)
    return h
