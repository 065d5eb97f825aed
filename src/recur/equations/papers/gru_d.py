"""The gated recurrent unit with decay, for rows with missing values at irregular times."""

from recur.equations.language import concat, exp, relu, sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", known="X input", since="X input", h="H", last="X", W_xh="3H 2X", W_hh="2H H", W_nh="H H", W_gh="H X",
          w_x="X", b_x="X", b_g="H", b="3H")  # fmt: skip
def gru_d(x, known, since, h, last, W_xh, W_hh, W_nh, W_gh, w_x, b_x, b_g, b):
    """GRU with decay: a missing value, and the state, decay with the time since a value was last known.

    ``known`` is 1 where a column has a value and 0 where it is missing, ``since`` the time since it last had one. The
    columns are standardised, so that 0 is their mean.

    Source: Z. Che et al. (2018), Recurrent neural networks for multivariate time series with missing values,
    equations 10 to 18.
    """
    last = known * x + (1 - known) * last
    x_hat = known * x + (1 - known) * exp(-relu(w_x * since + b_x)) * last
    h = exp(-relu(W_gh @ since + b_g)) * h
    r_x, z_x, n_x = split(W_xh @ concat(x_hat, known) + b, 3)
    r_h, z_h = split(W_hh @ h, 2)
    r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
    h = (1 - z) * h + z * tanh(n_x + W_nh @ (r * h))
    return h, last
