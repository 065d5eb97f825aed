"""LSTM with layer normalisation."""

from recur.equations.language import layer_norm, sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", W_xh="4H X", W_hh="4H H", b="4H", g_x="4H = 1", g_h="4H = 1", g_c="H = 1", b_c="H = 0")
def lstm_layernorm(x, h, c, W_xh, W_hh, b, g_x, g_h, g_c, b_c):
    """LSTM with layer normalisation of both products and of the cell state.

    Source: J. L. Ba, J. R. Kiros, G. Hinton (2016), Layer normalization, equations 20-22.
    """
    i, f, g, o = split(layer_norm(W_xh @ x, g_x) + layer_norm(W_hh @ h, g_h) + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(layer_norm(c, g_c, b_c))
    return h, c
