"""The closed-form continuous-time network."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", dt="1 input", h="H", W_xh="3H X", W_hh="3H H", b="3H")
def closed_form(x, dt, h, W_xh, W_hh, b):
    """Closed-form continuous-time network (CfC): two targets, and a gate between them that time opens.

    Source: R. Hasani et al. (2022), Closed-form continuous-time neural networks, Nature Machine Intelligence 4,
    equation 4, with one layer for each of f, g and h.
    """
    f, g, k = split(W_xh @ x + W_hh @ h + b, 3)
    gate = sigmoid(-f * dt)
    h = gate * tanh(g) + (1 - gate) * tanh(k)
    return h
