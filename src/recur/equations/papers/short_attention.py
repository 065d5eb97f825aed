"""An LSTM with attention over its last states."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.matrices import push
from recur.equations.trace import equation
from recur.equations.vectors import softmax


@equation(x="X", y="H", h="H", c="H", M="K H", W_xh="4H X", W_hh="4H H", b="4H", W_q="H H", W_yh="H H", W_ya="H H")
def short_attention(x, y, h, c, M, W_xh, W_hh, b, W_q, W_yh, W_ya):
    """LSTM with attention over its last K states, which a matrix keeps.

    Source: M. Daniluk et al. (2017), Frustratingly short attention spans in neural language modeling, equations 3 to 7,
    with the product of a query and a state as their score.
    """
    i, f, g, o = split(W_xh @ x + W_hh @ h + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    a = softmax(M @ (W_q @ h))
    y = tanh(W_yh @ h + W_ya @ (M.T @ a))
    M = push(M, h)
    return y, h, c, M
