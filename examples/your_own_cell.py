"""Your own cell: its equation for one time step, and nothing else. Here it is trained like any torch module.

The cell is a leaky integrator whose leak depends on the input; the task is to add the two marked numbers of a sequence
of random numbers (Hochreiter and Schmidhuber 1997, section 5.4, shortened).
"""

import torch

from recur import equation
from recur.equations import sigmoid, tanh
from recur.nn import Recurrent

T, B, H = 20, 64, 32


@equation(x="X", h="H", W_xh="H X", W_hh="H H", W_xk="H X", b="H", k="H")
def leaky(x, h, W_xh, W_hh, W_xk, b, k):
    """A plain recurrence; the input sets how fast it forgets."""
    keep = sigmoid(W_xk @ x + k)
    h = keep * h + (1 - keep) * tanh(W_xh @ x + W_hh @ h + b)
    return h


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Return sequences (T, B, 2) of a number and a mark, and the sums (B,) of the two marked numbers."""
    numbers = torch.rand(T, B)
    marks = torch.zeros(T, B)
    marks[torch.randint(0, T // 2, (B,)), torch.arange(B)] = 1.0
    marks[torch.randint(T // 2, T, (B,)), torch.arange(B)] = 1.0
    return torch.stack([numbers, marks], dim=2), (numbers * marks).sum(0)


def main() -> float:
    """Learn from fresh sequences; return the mean square error, which is 0.167 for a constant answer of 1."""
    torch.manual_seed(0)
    layer, readout = Recurrent(leaky, input_size=2, hidden_size=H), torch.nn.Linear(H, 1)
    optimizer = torch.optim.Adam([*layer.parameters(), *readout.parameters()], lr=1e-2)
    errors = []
    for _ in range(400):
        x, total = batch()
        _, last = layer(x)
        error = (readout(last[-1])[:, 0] - total).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    print(layer.backend_report())
    print(f"mean square error {sum(errors[-20:]) / 20:.4f}; a constant answer of 1 has 0.167")
    return sum(errors[-20:]) / 20


if __name__ == "__main__":
    main()
