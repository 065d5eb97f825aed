"""``StepHead``, the base class of heads whose answer at a step is made from the vector of that step or of its row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from torch import Tensor

from recur.codecs.codec import WHOLE
from recur.decoding.options import check_top
from recur.errors import ConfigError, DataError
from recur.heads.head import Head
from recur.heads.plain import PlainReadout
from recur.heads.prediction import Option, Prediction

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.decoding import Decoding
    from recur.decoding.vocabulary import Vocabulary
    from recur.nn.graph_writer import GraphOutput, GraphWriter


class StepHead(Head):
    """A head that answers vectors, explains its outputs and writes itself as a graph.

    Attributes
    ----------
    answers_with : str
        What an answer is made of: symbols that are searched, numbers, or events that are drawn one by one.
    """

    answers_with: ClassVar[Literal["symbols", "numbers", "events"]]

    @abstractmethod
    def choice(self, vectors: Tensor) -> Tensor:
        """(..., H) -> the likeliest answers: ids (...), or columns (..., C); of whole rows where ``whole_rows``."""

    def chooser(self, decoding: Decoding) -> Callable[[Tensor], Tensor]:
        """Return the function from vectors to answers that the options describe."""
        del decoding
        return self.choice

    def log_probs(self, vectors: Tensor) -> Tensor:
        """(..., H) -> log p (..., V) of symbols.

        Raises
        ------
        ConfigError
            Of a head without symbols.
        """
        del vectors
        raise ConfigError(f"this readout answers with {self.answers_with}: it has no probabilities of symbols")

    def logits(self, vectors: Tensor) -> Tensor:
        """(..., H) -> z (..., C) of events.

        Raises
        ------
        ConfigError
            Of a head without events.
        """
        del vectors
        raise ConfigError(f"this readout answers with {self.answers_with}: it has no probabilities of events")

    def answers(self, vectors: Tensor, codec: Codec, top: int) -> list[Prediction]:
        """Return one answer for each of B vectors (B, H), with the ``top`` most probable candidates, if any."""
        check_top(top)
        return [_prediction(codec, row) for row in self.choice(vectors).cpu().numpy()]

    def answers_in_row(self, vectors: Tensor, lengths: Tensor, mask: Tensor | None, codec: Codec) -> list[Prediction]:
        """Return one answer for each of B rows of vectors (B, T, H): the values of its steps."""
        del mask
        columns = self.choice(vectors).cpu().numpy()
        return [_prediction(codec, row[:steps]) for row, steps in zip(columns, lengths.tolist(), strict=True)]

    @abstractmethod
    def scores(self, vectors: Tensor, outputs: Sequence[int], lengths: Tensor | None = None) -> Tensor:
        """Score K outputs: log p of symbols or of events, the values of columns.

        Parameters
        ----------
        vectors : Tensor
            (..., H).
        outputs : sequence of int
        lengths : Tensor, optional
            (B,) real steps of vectors (B, T, H), where an answer depends on all steps of its row.

        Returns
        -------
        Tensor
            (..., K).
        """

    @abstractmethod
    def options(
        self, vectors: Tensor, step: int, codec: Codec, top: int, *, first: int | None = None,
        symbols: Vocabulary | None = None,
    ) -> list[Option]:  # fmt: skip
        """Return the most probable outputs at one step of a row.

        Parameters
        ----------
        vectors : Tensor
            (T, H).
        step : int
            From 0.
        codec : Codec
            Of what is answered.
        top : int
            How many symbols or events; of numbers all columns are returned.
        first : int, optional
            The output that is returned before all others, and counts among the ``top``.
        symbols : Vocabulary, optional
            The ids, where a beginning and an end were added to those of the codec.
        """

    def output_id(self, name: str, codec: Codec) -> int:
        """Return the column, or the id, of the output that a user names.

        Raises
        ------
        DataError
            When there is no such output.
        """
        names = codec.column_names()
        if name not in names:
            raise DataError(
                f'"{name}" is not an output of this network', hint=f"one of {', '.join(map(str, names[:12]))}"
            )
        return names.index(name)

    @abstractmethod
    def truth(self, answer: np.ndarray, output: int) -> np.ndarray:
        """Return the target whose error is that of one output: an id (), or columns (C,) that are else as answered."""

    def references(self, answers: np.ndarray) -> np.ndarray:
        """Return the targets (T,) or (T, C) of steps whose truth is unknown, given the head's own answers."""
        return answers.copy()

    @abstractmethod
    def write(self, graph: GraphWriter, vectors: str, codec: Codec, lengths: str | None) -> list[GraphOutput]:
        """Write what is answered to vectors (..., H) as nodes of a graph, numbers in their own units.

        Parameters
        ----------
        graph : GraphWriter
        vectors : str
        codec : Codec
            Of the target.
        lengths : str or None
            (B,) real steps of vectors (B, T, H); None where there are no steps.
        """

    @abstractmethod
    def plain(self) -> PlainReadout:
        """Return the readout as one matrix and what follows it.

        Raises
        ------
        ConfigError
            Where it is more than that.
        """

    @abstractmethod
    def tensors(self, vectors: Tensor, codec: Codec, lengths: Tensor | None) -> dict[str, Tensor]:
        """Return the outputs of `write` by name, computed by torch."""

    def comparable(self, outputs: Mapping[str, Tensor], lengths: Tensor | None) -> dict[str, Tensor]:
        """Return outputs of `write` or `tensors` in a form that is equal if both are right: by default themselves."""
        del lengths
        return dict(outputs)


def _prediction(codec: Codec, encoded: np.ndarray) -> Prediction:
    value = codec.decode(encoded)
    return Prediction(value, [], codec.show(value, WHOLE))
