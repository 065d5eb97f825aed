"""A cell that torch.nn lacks, as written in torch: a module with a loop over time.

It is the rival of ``Recurrent`` for such a cell, so it is written as well as torch operations allow: one product with
the inputs of all steps before the loop, and no more operations inside than the cell needs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MinimalGatedUnit(nn.Module):
    """The minimal gated unit, by hand.

        f = sigmoid(W_fx x_t + b_f + W_fh h_{t-1})
        n = tanh(W_nx x_t + b_n + W_nh (f h_{t-1}))
        h_t = (1 - f) h_{t-1} + f n

    Parameters
    ----------
    input_size, hidden_size : int
        X and H. Parameters are called and laid out as those of ``Recurrent("minimal_gated_unit", ...)``.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        H = hidden_size
        self.W_xh_l0 = nn.Parameter(torch.empty(2 * H, input_size))
        self.W_fh_l0 = nn.Parameter(torch.empty(H, H))
        self.W_nh_l0 = nn.Parameter(torch.empty(H, H))
        self.b_l0 = nn.Parameter(torch.empty(2 * H))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(H**-0.5), H**-0.5)

    def forward(self, x: Tensor, hx: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run it over x (T, B, X) from the state hx (1, B, H); ``lengths`` (B,) are the real steps of each row."""
        W_fh, W_nh = self.W_fh_l0.t(), self.W_nh_l0.t()
        h = hx[0]
        live = None if lengths is None else (torch.arange(len(x)).unsqueeze(1) < lengths).unsqueeze(-1).unbind()
        outputs = []
        for t, x_t in enumerate(nn.functional.linear(x, self.W_xh_l0, self.b_l0).unbind()):
            f_x, n_x = x_t.chunk(2, -1)
            f = torch.sigmoid(torch.addmm(f_x, h, W_fh))
            n = torch.tanh(torch.addmm(n_x, f * h, W_nh))
            new = torch.lerp(h, n, f)
            outputs.append(new if live is None else torch.where(live[t], new, 0.0))
            h = new if live is None else torch.where(live[t], new, h)
        return torch.stack(outputs), h.unsqueeze(0)
