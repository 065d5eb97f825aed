"""GRU with layer normalisation."""

from recur.equations.language import layer_norm, sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="3H X", W_hh="3H H", b_x="3H", b_h="3H", g_x="3H = 1", g_h="3H = 1")
def gru_layernorm(x, h, W_xh, W_hh, b_x, b_h, g_x, g_h):
    """GRU with layer normalisation of both products.

    Source: J. L. Ba, J. R. Kiros, G. Hinton (2016), Layer normalization, supplement, here for the reset-after GRU.
    """
    r_x, z_x, n_x = split(layer_norm(W_xh @ x, g_x) + b_x, 3)
    r_h, z_h, n_h = split(layer_norm(W_hh @ h, g_h) + b_h, 3)
    r = sigmoid(r_x + r_h)
    z = sigmoid(z_x + z_h)
    n = tanh(n_x + r * n_h)
    h = (1 - z) * n + z * h
    return h
