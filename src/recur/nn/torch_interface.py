"""Interface of torch.nn.RNNBase: the attributes and methods that code written for it uses."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from recur.nn import checks
from recur.nn.base import LayerBase
from recur.nn.fast_path import FastPath
from recur.nn.state import State, map_state


class TorchInterface(LayerBase):
    """The names, checks and copies of torch.nn.RNNBase, over a layer's own layout.

    ``isinstance(layer, torch.nn.RNNBase)`` is False: torch's class runs its own kernels in ``forward``.
    """

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The parameters of each layer and direction, as in torch.nn."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _all_weights(self) -> list[list[str]]:
        return [binding.names() for binding in self.layout.bindings]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Tensor | None]:
        return [getattr(self, name, None) for name in self._flat_weights_names]

    def flatten_parameters(self) -> None:
        """Do nothing, so that torch.nn code runs unchanged: parameters need no common chunk of memory here."""

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Check the data of a batch, or of a PackedSequence with these batch sizes.

        Raises
        ------
        LayerInputError
            If the dtype, the number of dimensions or the feature size does not fit.
        """
        packed = batch_sizes is not None
        checks.check_input(type(self).__name__, input, self.first_weight(), self.input_size, packed, self.batch_first)

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """Return (L*D, B, S) of the first state.

        Raises
        ------
        LayerInputError
            If the layers differ in size, so that their states are a list.
        """
        return self._expected_sizes(input, batch_sizes)[0]

    def check_hidden_size(
        self, hx: Tensor, expected_hidden_size: Sequence[int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Check the shape of a state.

        Raises
        ------
        LayerInputError
            If it is another.
        """
        expected = tuple(expected_hidden_size)
        if tuple(hx.shape) != expected:
            raise checks.LayerInputError(
                msg.format(expected, list(hx.shape)), hint="states are (layers x directions, batch, size)"
            )

    def check_forward_args(
        self, input: Tensor, hidden: Tensor | tuple[Tensor, ...], batch_sizes: Tensor | None
    ) -> None:
        """Check an input together with its initial state, a tensor or a tuple with one for each state of the cell.

        Raises
        ------
        LayerInputError
            If one of them does not fit.
        """
        self.check_input(input, batch_sizes)
        expected = self._expected_sizes(input, batch_sizes)
        if len(expected) == 1 and isinstance(hidden, Tensor):
            self.check_hidden_size(hidden, expected[0])
            return
        for number, (one, size) in enumerate(zip(hidden, expected, strict=True)):
            self.check_hidden_size(one, size, f"Expected hidden[{number}] size {{}}, got {{}}")

    def permute_hidden(self, hx: State, permutation: Tensor | None) -> State:
        """Return the state with the rows of the batch in another order."""
        if permutation is None:
            return hx
        return map_state(lambda tensor: tensor.index_select(1, permutation), hx)

    def _expected_sizes(self, input: Tensor, batch_sizes: Tensor | None) -> list[tuple[int, int, int]]:
        if not self.layout.one_size:
            raise checks.LayerInputError(
                f"the layers of this {type(self).__name__} differ in size, so its state has no single shape",
                hint="pass back the state that the layer returned, or None",
            )
        rows = int(batch_sizes[0]) if batch_sizes is not None else input.size(0 if self.batch_first else 1)
        layers = self.num_layers * self.layout.directions
        return [(layers, rows, size) for size in self.layout.state_sizes[0].values()]

    def _get_qconfig(self) -> Any:
        try:
            return self.__dict__["_qconfig"]
        except KeyError:
            raise AttributeError("qconfig") from None

    def _set_qconfig(self, value: Any) -> None:
        warnings.warn(
            f"torch.ao.quantization replaces layers of torch.nn only: this recur.nn.{type(self).__name__} stays "
            f'{next(self.parameters()).dtype}. precision="bfloat16" halves the size of its matrix products, '
            'and "int8" makes inference faster',
            stacklevel=2,
        )
        self.__dict__["_qconfig"] = value

    def _delete_qconfig(self) -> None:
        self.__dict__.pop("_qconfig", None)

    # torch.ao.quantization sets it on every module that it walks through, and then skips unknown types in silence
    qconfig = property(_get_qconfig, _set_qconfig, _delete_qconfig)

    def __getstate__(self) -> dict[str, Any]:
        return self._without_caches()

    def _without_caches(self) -> dict[str, Any]:
        return {**self.__dict__, "_reports": [], "_fast_path": FastPath()}

    def __deepcopy__(self, memo: dict[int, Any]) -> TorchInterface:
        # torch.nn.utils.parametrize copies a class without this method attribute by attribute, caches too
        replica: TorchInterface = self.__class__.__new__(self.__class__)
        memo[id(self)] = replica
        state = self._without_caches()
        for name, value in state.items():
            # what torch.nn.utils.weight_norm has computed from its parameters, and will again at the next call
            if isinstance(value, Tensor) and not value.is_leaf:
                state[name] = value.detach()
        replica.__dict__ = copy.deepcopy(state, memo)
        return replica
