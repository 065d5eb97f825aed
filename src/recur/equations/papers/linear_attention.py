"""Linear attention as a recurrence."""

from recur.equations.language import exp, maximum, minimum, split
from recur.equations.matrices import dot, outer
from recur.equations.trace import equation


@equation(x="X", h="H", S="H H", z="H", W_x="3H X", b="3H")
def linear_attention(x, h, S, z, W_x, b):
    """Linear attention: a sum of outer products of values and keys, read by a query and divided by the keys' sum.

    The feature map is elu(v) + 1.

    Source: A. Katharopoulos et al. (2020), Transformers are RNNs, equations 16 to 20.
    """
    k, v, q = split(W_x @ x + b, 3)
    k, q = exp(minimum(k, 0)) + maximum(k, 0), exp(minimum(q, 0)) + maximum(q, 0)
    S = S + outer(v, k)
    z = z + k
    h = S @ q / (dot(z, q) + 1e-6)
    return h, S, z
