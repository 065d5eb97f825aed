"""The antisymmetric network."""

from recur.equations.language import sigmoid, split, tanh
from recur.equations.trace import equation


@equation(x="X", h="H", W_xh="2H X", W_hh="H H", b="2H", diffusion="1 = 0.01", step="1 = 0.1")
def antisymmetric(x, h, W_xh, W_hh, b, diffusion, step):
    """Antisymmetric network with an input gate: a step of a differential equation that neither explodes nor vanishes.

    Source: B. Chang et al. (2019), AntisymmetricRNN: a dynamical system view on recurrent neural networks, equations
    13 and 14.
    """
    z_x, n_x = split(W_xh @ x + b, 2)
    recurrent = W_hh @ h - W_hh.T @ h - diffusion * h
    h = h + step * sigmoid(z_x + recurrent) * tanh(n_x + recurrent)
    return h
