"""The LSTM whose states are maps over a grid."""

from recur.equations.convolution import convolution
from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", c="H", W_x=convolution("4H X"), W_h=convolution("4H H"), p="3H", b=convolution("4H"))
def conv_lstm(x, h, c, W_x, W_h, p, b):
    """ConvLSTM: an LSTM with peepholes whose products are convolutions over a grid; X and H are maps x height x width.

    Source: X. Shi et al. (2015), Convolutional LSTM network, arXiv:1506.04214, equation 3.
    """
    i, f, g, o = split(W_x @ x + W_h @ h + b, 4)
    p_i, p_f, p_o = split(p, 3)
    i, f = sigmoid(i + p_i * c), sigmoid(f + p_f * c)
    c = f * c + i * tanh(g)
    h = sigmoid(o + p_o * c) * tanh(c)
    return h, c
