"""The options of the network between the two codecs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import PrivateAttr, field_validator

from recur.config import situation as when
from recur.config.base import LAYERS, SIZE, OneOrMany, Section, Sizes, Texts, option
from recur.config.modes import ModeName
from recur.config.search import among, between
from recur.errors import ConfigError

__all__ = [
    "AttentionConfig", "DropoutConfig", "EmbeddingConfig", "InitialConfig", "ModelConfig", "PicturesConfig",
    "ReadoutConfig",
]  # fmt: skip


class EmbeddingConfig(Section):
    """The vectors of symbols."""

    size: int | None = option(
        None,
        "size of the embedding vectors; default: hidden size",
        search=between(16, 512, log=True),
        name="embedding_size",
        applies=when.SYMBOLS,
        ge=1,
        le=SIZE,
    )
    character_size: int | None = option(
        None, "also read the characters of each word, with this many units per direction (Lample 2016)",
        search=between(8, 64, log=True), unit="units",
        applies=when.WORDS, ge=1, le=SIZE,
    )  # fmt: skip
    range: float = option(
        0.1, "embedding vectors are initialised uniformly between minus and plus this value", name="embedding_range",
        applies=when.SYMBOLS, gt=0,
    )  # fmt: skip
    scale: bool = option(
        True, "multiply embedding vectors by the square root of their size; switch it off for published sgd recipes",
        name="scale_embedding", applies=when.SYMBOLS,
    )  # fmt: skip


class PicturesConfig(Section):
    """The convolutions that read a picture."""

    convolutions: Sizes = option(
        [32, 64], "pictures: channels of each convolution; each halves height and width", unit="channels",
        applies=when.PICTURES,
    )  # fmt: skip
    pooling: Literal["flatten", "mean"] = option(
        "flatten", "pictures: read all positions of the last convolution, at most 7 x 7, or their mean",
        name="picture_pooling", applies=when.PICTURES,
    )  # fmt: skip
    augment: Annotated[list[Literal["shift", "flip"]], OneOrMany("string")] = option(
        [],
        "pictures: during training, shift by up to an eighth of the size, or mirror half of them",
        applies=when.PICTURES,
    )

    @field_validator("convolutions")
    @classmethod
    def _channels_are_positive(cls, channels: list[int]) -> list[int]:
        if channels and not (1 <= min(channels) <= max(channels) <= SIZE and len(channels) <= 100):
            raise ValueError(f"expected at most 100 convolutions of 1 to {SIZE:,} channels, got {str(channels)[:60]}")
        return channels


class AttentionConfig(Section):
    """What the decoder attends to while it generates."""

    form: Literal["none", "bahdanau", "luong"] = option(
        "none",
        "many-to-many: form of attention",
        search=among("none", "bahdanau", "luong"),
        name="attention",
        applies=when.ATTENDS,
    )
    input_feeding: bool = option(
        False, "with attention: feed the previous attentional vector back in (Luong 2015)", applies=when.ATTENTION
    )


class DropoutConfig(Section):
    """What is dropped at random during training."""

    rate: float = option(
        0.0,
        "dropout on embeddings, between layers and before the readout",
        search=between(0.0, 0.6, usual=True),
        name="dropout",
        ge=0,
        lt=1,
    )
    variational: float = option(
        0.0,
        "dropout in the same places, with one mask for all steps (Gal 2016)",
        search=between(0.0, 0.6),
        name="variational_dropout",
        ge=0,
        lt=1,
    )
    embedding: float = option(
        0.0,
        "share of symbols whose whole vector is dropped (Gal 2016)",
        search=between(0.0, 0.4),
        name="embedding_dropout",
        applies=when.SYMBOLS,
        ge=0,
        lt=1,
    )
    recurrent: float = option(
        0.0,
        "dropout on h_{t-1}, with one mask for all steps (Gal 2016)",
        search=between(0.0, 0.6),
        name="recurrent_dropout",
        applies=when.RECURRENCE,
        ge=0,
        lt=1,
    )
    zoneout: float = option(
        0.0,
        "share of units that keep their previous state (Krueger 2017)",
        search=between(0.0, 0.4),
        applies=when.RECURRENCE,
        ge=0,
        lt=1,
    )
    weight_drop: float = option(
        0.0, "DropConnect on W_hh (Merity 2018)", search=between(0.0, 0.7), applies=when.RECURRENCE, ge=0, lt=1
    )


class InitialConfig(Section):
    """How the recurrence starts: its first state, its recurrent weights and its gates."""

    learn_state: bool = option(
        False,
        "learn the initial state h_0 as a parameter",
        search=among(False, True),
        name="learn_initial_state",
        applies=when.RECURRENCE,
    )
    forget_bias: float | None = option(
        None, "initial bias of the lstm forget gate", search=between(0.0, 3.0), applies=when.RECURRENCE
    )
    memory_steps: int | None = option(
        None,
        "initial memory span of the units of an lstm or gru, in steps (Tallec 2018)",
        search=between(3, 1000, log=True),
        unit="steps",
        applies=when.RECURRENCE,
        ge=3,
        le=SIZE,
    )
    recurrent: Literal["uniform", "orthogonal"] = option(
        "uniform",
        "initial values of W_hh (Saxe 2014)",
        search=among("uniform", "orthogonal"),
        name="recurrent_init",
        applies=when.RECURRENCE,
    )


class ReadoutConfig(Section):
    """From the hidden state to the answer."""

    tie_weights: bool = option(
        False, "use one matrix for the input embedding and the readout", search=among(False, True)
    )
    crf: bool = option(
        False, "tags: score whole sequences of tags instead of each tag alone (Lafferty 2001)", applies=when.TAGS
    )
    adaptive_softmax: bool = option(False, "cheaper readout for large vocabularies (Grave 2017)")
    loss: Literal["esr"] | None = option(
        None,
        "numbers at every step: esr trains on the error-to-signal ratio, with pre-emphasis (Wright 2019); default: the "
        "squared error",
        applies=when.SIGNAL,
    )


class ModelConfig(Section):
    """The network between the two codecs."""

    mode: ModeName | None = option(None, "sequence mode; default: inferred from the data")
    cell: str = option(
        "lstm",
        "recurrent cell; `recur cells` lists them; or FILE.py:NAME, an equation of yours",
        search=among("lstm", "gru", "elman"),
        applies=when.RECURRENCE,
    )
    cell_inputs: Texts = option(
        [],
        "columns for further inputs of the cell, such as the time since the last step: dt=COLUMN; each is divided by "
        "its mean and not shifted",
        applies=when.RECURRENCE,
    )
    cell_inputs_in_x: bool = option(
        False, "columns of cell_inputs are also columns of the input x", applies=when.RECURRENCE
    )
    cell_sizes: Texts = option(
        [],
        "numbers for the cell's own sizes, such as heads=4 of slstm_heads or P=64 of lstm_projected; default: half the "
        "hidden size, and at most four heads",
        applies=when.RECURRENCE,
    )
    hidden_size: Sizes = option(
        [128],
        "units of every layer, or a list with one size per layer",
        search=between(32, 512, log=True, usual=True),
        unit="units",
    )
    num_layers: int = option(
        1, "number of stacked layers", search=between(1, 3, usual=True), unit="layers", ge=1, le=LAYERS
    )
    bidirectional: bool | None = option(
        None,
        "read the sequence in both directions; default: where the mode allows it and benefits",
        search=among(False, True),
        applies=when.RECURRENCE,
    )
    pooling: Literal["last", "mean", "max"] = option(
        "last",
        "many-to-one: which summary of the sequence is read out",
        search=among("last", "mean", "max"),
        applies=when.SUMMARY,
    )
    layer_norm: bool = option(
        False, "layer normalisation in an lstm or gru (Ba 2016)", search=among(False, True), applies=when.RECURRENCE
    )
    residual: bool = option(
        False, "add a layer's input to its output", search=among(False, True), applies=when.RECURRENCE
    )
    engine: Literal["auto", "native", "stock", "eager"] = option(
        "auto", "backend of the recurrence", applies=when.RECURRENCE
    )
    embedding: EmbeddingConfig = EmbeddingConfig()
    pictures: PicturesConfig = PicturesConfig()
    attention: AttentionConfig = AttentionConfig()
    dropout: DropoutConfig = DropoutConfig()
    initial: InitialConfig = InitialConfig()
    readout: ReadoutConfig = ReadoutConfig()
    _equation: Any = PrivateAttr(default=None)

    @property
    def equation(self) -> Any:
        """The equation of the cell, where that is not one of the library; a run folder keeps it in cell.json."""
        return self._equation

    def with_cell(self, name: str, equation: Any) -> Self:
        """Return a copy with another cell, and its equation or None; see `Config.with_cell`."""
        changed = self.model_copy(update={"cell": name})
        changed._equation = equation
        return changed

    @property
    def columns_of_inputs(self) -> dict[str, list[str]]:
        """The columns of each further input of the cell, in the order in which they were named."""
        columns: dict[str, list[str]] = {}
        for one in self.cell_inputs:
            name, _, column = one.partition("=")
            columns.setdefault(name.strip(), []).append(column.strip())
        return columns

    @property
    def sizes_of_cell(self) -> dict[str, int]:
        """The numbers of ``cell_sizes`` by name."""
        return {name: int(number) for name, number in map(_named_size, self.cell_sizes)}

    @property
    def layer_sizes(self) -> list[int]:
        """The units of every layer: ``hidden_size`` for each where it is one number.

        Raises
        ------
        ConfigError
            When a list of sizes and the number of layers disagree.
        """
        sizes = self.hidden_size
        if len(sizes) == 1:
            return sizes * self.num_layers
        if self.num_layers not in (1, len(sizes)):
            raise ConfigError(
                f"hidden_size {sizes} names {len(sizes)} layers, num_layers is {self.num_layers}",
                hint=f"--num-layers {len(sizes)}",
            )
        return list(sizes)

    @field_validator("cell_inputs")
    @classmethod
    def _inputs_name_columns(cls, inputs: list[str]) -> list[str]:
        for one in inputs:
            name, equals, column = (part.strip() for part in one.partition("="))
            if not (name.isidentifier() and equals and column):
                raise ValueError(f'expected the input of the cell and a column, such as dt=hours, got "{one[:60]}"')
        return inputs

    @field_validator("cell_sizes")
    @classmethod
    def _cell_sizes_are_numbers(cls, sizes: list[str]) -> list[str]:
        names = [_named_size(one)[0] for one in sizes]
        for one in sizes:
            name, number = _named_size(one)
            if not (name.isidentifier() and number.isascii() and number.isdigit() and 1 <= int(number[:9]) <= SIZE):
                raise ValueError(
                    f'expected a size of the cell and a number up to {SIZE:,}, such as heads=4, got "{one[:60]}"'
                )
            if names.count(name) > 1:
                raise ValueError(f"the size {name} of the cell is given {names.count(name)} times")
        return sizes

    @field_validator("hidden_size")
    @classmethod
    def _sizes_are_positive(cls, sizes: list[int]) -> list[int]:
        if not sizes or min(sizes) < 1:
            raise ValueError(f"hidden_size must be positive, got {', '.join(map(str, sizes)) or 'none'}")
        if len(sizes) > LAYERS or max(sizes) > SIZE:
            raise ValueError(
                f"hidden_size must be at most {SIZE:,} for each of at most {LAYERS:,} layers, "
                f"got {max(sizes)} for {len(sizes)}"
            )
        return sizes


def _named_size(text: str) -> tuple[str, str]:
    name, _, number = text.partition("=")
    return name.strip(), number.strip()
