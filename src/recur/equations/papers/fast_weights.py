"""The fast weights of a delta rule."""

from recur.equations.language import sigmoid, split
from recur.equations.matrices import outer
from recur.equations.trace import equation
from recur.equations.vectors import softmax


@equation(x="X", h="H", W="H H", W_x="3H X", w_b="1 X", b="3H")
def fast_weights(x, h, W, W_x, w_b, b):
    """Fast weights with the delta rule (DeltaNet): a matrix that stores values under keys, and corrects what it stored.

    Source: I. Schlag, K. Irie, J. Schmidhuber (2021), Linear transformers are secretly fast weight programmers,
    equations 21 to 25, with a softmax as the feature map.
    """
    k, v, q = split(W_x @ x + b, 3)
    k, q = softmax(k), softmax(q)
    W = W + sigmoid(w_b @ x) * outer(v - W @ k, k)
    h = W @ q
    return h, W
