"""The LSTM with a matrix for its memory."""

from recur.equations.language import absolute, exp, maximum, sigmoid, softplus, split, sqrt
from recur.equations.matrices import dot, outer
from recur.equations.trace import equation
from recur.equations.vectors import count


@equation(x="X", h="H", C="H H", n="H", m="1", W_x="4H X", w_i="1 X", w_f="1 X", b="4H", b_i="1", b_f="1 = 3")
def mlstm(x, h, C, n, m, W_x, w_i, w_f, b, b_i, b_f):
    """mLSTM, one head: a matrix memory with exponential gates, kept in range by the stabiliser m.

    Source: M. Beck et al. (2024), xLSTM: extended long short-term memory, equations 19 to 27.
    """
    q, k, v, o = split(W_x @ x + b, 4)
    k = k / sqrt(count(k))
    i, f = w_i @ x + b_i, -softplus(-(w_f @ x + b_f))
    top = maximum(f + m, i)
    i, f = exp(i - top), exp(f + m - top)
    C = f * C + i * outer(v, k)
    n = f * n + i * k
    h = sigmoid(o) * (C @ q) / maximum(absolute(dot(n, q)), exp(-top))
    return h, C, n, top
