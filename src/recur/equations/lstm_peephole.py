"""LSTM with peephole connections."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", W_xh="4H X", W_hh="4H H", b="4H", p_i="H", p_f="H", p_o="H")
def lstm_peephole(x, h, c, W_xh, W_hh, b, p_i, p_f, p_o):
    """LSTM whose gates look at the cell state.

    Source: F. Gers, N. Schraudolph, J. Schmidhuber (2002), Learning precise timing with LSTM recurrent networks.
    """
    i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)
    i = sigmoid(i + p_i * c)
    f = sigmoid(f + p_f * c)
    c = f * c + i * tanh(g)
    h = sigmoid(o + p_o * c) * tanh(c)
    return h, c
