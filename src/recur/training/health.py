"""Numerical health: detects the first non-finite number and explains it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from recur.errors import TrainingError

GATES = {
    "lstm": ("input gate i", "forget gate f", "candidate g", "output gate o"),
    "gru": ("reset gate r", "update gate z", "candidate n"),
}


@dataclass
class Finding:
    """Where a network first had a number that is not finite.

    Attributes
    ----------
    layer, parameter, gate : str or None
        Names as in the network; the gate where the parameter's rows belong to gates.
    what : str
        One sentence.
    """

    what: str
    layer: str | None = None
    parameter: str | None = None
    gate: str | None = None


@dataclass
class Autopsy:
    """The report on a loss or gradient that is not finite; saved as autopsy.json."""

    step: int
    epoch: int
    loss: float
    gradient_norm: float
    lr: float
    finding: Finding
    last_gradient_norms: list[float] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    largest_weights: dict[str, float] = field(default_factory=dict)
    advice: str = ""

    def error(self, saved: str | None) -> TrainingError:
        """The autopsy as an error message."""
        norms = ", ".join(f"{norm:.3g}" for norm in self.last_gradient_norms[-5:]) or "none yet"
        place = f"; the details are in {saved}" if saved else ""
        return TrainingError(
            f"training stopped at update {self.step:,} (epoch {self.epoch + 1}): the loss is {self.loss:.4g}, "
            f"the gradient norm {self.gradient_norm:.4g}. {self.finding.what}. "
            f"Last gradient norms: {norms}. The weights from before this update are saved{place}",
            hint=self.advice,
        )

    def record(self) -> dict[str, Any]:
        """The autopsy as JSON values; numbers that are not finite become text."""
        return {key: _as_text(value) for key, value in asdict(self).items()}


class Health:
    """Checks loss and gradient norm in every update, with one transfer from the device.

    Parameters
    ----------
    network : Module
    cell : str
        Name of the recurrence, to name gates.
    clip : float
        The gradient clipping, for the advice.
    """

    def __init__(self, network: nn.Module, cell: str, clip: float, lr: float) -> None:
        self._network, self._cell, self._clip, self._lr = network, cell, clip, lr
        self.norms: deque[float] = deque(maxlen=20)

    def finite(self, loss: Tensor, norm: Tensor) -> tuple[float, float, bool]:
        """Return loss and gradient norm as numbers, and whether both are finite."""
        if loss.is_cpu and norm.is_cpu:
            values = [loss.item(), norm.item()]
        else:
            values = torch.stack((loss.detach().float(), norm.detach().float())).tolist()
        ok = all(abs(value) < float("inf") for value in values)
        if ok:
            self.norms.append(values[1])
        return values[0], values[1], ok

    def autopsy(
        self,
        replay: Callable[[], Tensor],
        *,
        step: int,
        epoch: int,
        loss: float,
        norm: float,
        lr: float,
        rows: list[str],
    ) -> Autopsy:
        """Find the first layer, parameter and gate that is not finite.

        Parameters
        ----------
        replay : callable
            Computes the error of the same batch once more, with the same random state.
        """
        finding = self._weights() or self._forward(replay) or self._gradients()
        finding = finding or Finding("the error itself overflows, no layer before it does")
        largest = {name: float(p.detach().abs().max()) for name, p in self._network.named_parameters() if p.numel()}
        top = dict(sorted(largest.items(), key=lambda item: -item[1])[:5])
        return Autopsy(step, epoch, loss, norm, lr, finding, list(self.norms), rows[:64], top, self._advice(finding))

    def _weights(self) -> Finding | None:
        for name, parameter in self._network.named_parameters():
            if not _finite(parameter):
                gate = self._gate(name, parameter)
                return Finding(
                    f"The parameter {name}{_of(gate)} already contains numbers that are not finite",
                    _layer(name), name, gate,
                )  # fmt: skip
        return None

    def _forward(self, replay: Callable[[], Tensor]) -> Finding | None:
        findings: list[Finding] = []

        def hook_for(name: str) -> Callable[[nn.Module, Any, Any], None]:
            def hook(module: nn.Module, inputs: Any, outputs: Any) -> None:
                if not findings and not _finite(outputs):
                    cause = "its input already is not finite" if not _finite(inputs) else "its input is still finite"
                    findings.append(
                        Finding(f"The output of {name} ({type(module).__name__}) is not finite; {cause}", layer=name)
                    )

            return hook

        hooks = [module.register_forward_hook(hook_for(name)) for name, module in self._network.named_modules() if name]
        try:
            with torch.no_grad():
                replay()
        finally:
            for hook in hooks:
                hook.remove()
        return findings[0] if findings else None

    def _gradients(self) -> Finding | None:
        """The parameter nearest to the error whose gradient is not finite: the first in the backward pass."""
        non_finite = [
            (name, p.grad) for name, p in self._network.named_parameters() if p.grad is not None and not _finite(p.grad)
        ]
        if not non_finite:
            return None
        name, gradient = non_finite[-1]
        gate = self._gate(name, gradient)
        return Finding(
            f"The forward pass is finite; going back, the gradient of {name}{_of(gate)} overflows first "
            f"({len(non_finite)} parameters in all)",
            _layer(name), name, gate,
        )  # fmt: skip

    def _gate(self, name: str, values: Tensor) -> str | None:
        """The first gate whose rows are not finite, where a parameter is stacked by gate."""
        gates = next((names for cell, names in GATES.items() if self._cell.startswith(cell)), ())
        recurrent = any(part in name for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "W_xh", "W_hh"))
        if not gates or not recurrent or values.shape[0] % len(gates):
            return None
        blocks = values.detach().reshape(len(gates), -1)
        return next((gate for gate, block in zip(gates, blocks, strict=True) if not _finite(block)), None)

    def _advice(self, finding: Finding) -> str:
        advice = [f"a lower learning rate usually helps: lr = {self._lr / 3:.1g}"]
        if self._clip == 0 or self._clip > 1:
            advice.append("clip gradients: clip = 1.0" if self._clip == 0 else "clip harder: clip = 0.5")
        if finding.parameter and "weight_hh" in finding.parameter:
            advice.append("shorter windows: bptt")
        if "input already" in finding.what:
            advice.append("look for extreme values in the data with `recur check`")
        return ", or ".join(advice) + "; then train again with --fresh"


def _finite(values: Any) -> bool:
    """Whether every float in nested tensors is finite."""
    if isinstance(values, Tensor):
        return not values.is_floating_point() or bool(torch.isfinite(values).all())
    if isinstance(values, Mapping):
        return all(_finite(value) for value in values.values())
    if isinstance(values, (list, tuple)):
        return all(_finite(value) for value in values)
    return True


def _layer(parameter: str) -> str:
    return parameter.rpartition(".")[0] or parameter


def _of(gate: str | None) -> str:
    return f" ({gate})" if gate else ""


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    if (isinstance(value, float) and abs(value) == float("inf")) or value != value:
        return str(value)
    return value
