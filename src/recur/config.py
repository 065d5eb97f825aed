"""The configuration schema of a run: every field with its default and description; unknown keys are refused."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["MODES", "Config", "DataConfig", "ModelConfig", "Section", "TrainingConfig"]

MODES = ("one-to-one", "one-to-many", "many-to-one", "many-to-many", "synced")
_KINDS = "words, characters, subwords, class, tags, numbers, notes, audio, images, frames, or another of recur.codecs"

TIME_FORMATS = (
    "day first", "month first", "year first", "seconds", "milliseconds", "microseconds", "nanoseconds", "counter"
)  # fmt: skip
"""What ``time_format`` may be beside a pattern of strptime."""

ModeName = Literal["one-to-one", "one-to-many", "many-to-one", "many-to-many", "synced"]


# far beyond what anybody trains, and small enough to be a number of 64 bits in every product of two
COUNT = 10**9
SIZE = 10**6
LAYERS = 1000


class Section(BaseModel):
    """A table of the configuration file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, defer_build=True, allow_inf_nan=False)


class DataConfig(Section):
    """Where the rows come from and how raw values become tensors."""

    source: str | None = Field(None, description="file or folder to train on")
    dev: str | None = Field(None, description="file to choose on; without it a part of the source is held out")
    test: str | None = Field(None, description="file to report on, once")
    format: Literal["text", "csv", "tsv", "jsonl", "folder", "conll", "idx", "npy", "ts"] | None = Field(
        None, description="kind of file; inferred from the name and the first lines"
    )
    input: list[str] | None = Field(None, description="input column(s)")
    target: list[str] | None = Field(
        None, description="target column(s), or the file that translates the source line by line"
    )
    group: str | None = Field(
        None,
        description="column whose value marks the rows of one sequence, or several: store,item; inferred over time",
    )
    time: list[str] | None = Field(
        None, description="column(s) of time stamps, by which rows are put in order; inferred; none: rows have no order"
    )
    time_format: str | None = Field(
        None,
        description="how stamps are written: day first, month first, year first, seconds, milliseconds, counter, or a "
        "pattern such as %d.%m.%Y; inferred from all of them",
    )
    duplicates: Literal["error", "first", "last", "mean"] = Field(
        "error", description="rows of one series with the same time and different values"
    )
    fill: Literal["previous", "linear", "zero"] | None = Field(
        None, description="make the rows that a series lacks; default: it is read in pieces, which end at gaps"
    )
    header: bool | None = Field(None, description="whether the first row of a CSV or TSV names the columns; inferred")
    exclude: list[str] = Field(default_factory=list, description="files of a folder to leave out (glob)")
    documents: Literal["file", "line"] | None = Field(
        None, description="what one text document is: the whole file (state is carried) or each line"
    )
    input_codec: str | None = Field(None, description=f"how the input is read: {_KINDS}; inferred")
    target_codec: str | None = Field(None, description=f"how the target is read: {_KINDS}; inferred")
    lower: bool = Field(False, description="lower-case text")
    min_count: int = Field(1, ge=1, le=COUNT, description="words seen less often become unknown")
    max_vocab: int | None = Field(None, ge=1, le=COUNT, description="largest vocabulary; subwords: its size (8000)")
    decimal: Literal[".", ","] | None = Field(None, description="decimal sign of numbers in text; inferred by column")
    thousands: Literal[",", ".", "'", "space", "none"] | None = Field(
        None, description="thousands sign of numbers in text; inferred by column"
    )
    missing: Literal["error", "mean", "previous"] = Field("error", description="what a missing number becomes")
    missing_labels: list[str] | None = Field(
        None,
        description="words that say that a class or tag is missing; default: NA, N/A, NaN, null and <NA>; none: empty "
        "cells only, where NA is a label",
    )
    damaged: Literal["error", "skip"] = Field("error", description="what happens to a row whose file cannot be read")
    notes: Literal["roll", "melody"] = Field(
        "roll", description="notes: every key of the piano at every step, or one event after another"
    )
    frames_per_beat: int = Field(4, ge=1, le=96, description="notes: steps of a quarter note")
    transpose: int = Field(
        0, ge=0, le=12, description="notes: move each piece at random by up to so many semitones, anew every epoch"
    )
    audio: Literal["log-mel", "mfcc"] = Field("log-mel", description="sound: energies of mel bands, or their cepstrum")
    audio_bands: int = Field(
        40, ge=2, le=SIZE, description="sound: mel bands; the cepstrum keeps 13 coefficients of them"
    )
    audio_window_ms: float = Field(25.0, gt=0, description="sound: length of a window in milliseconds")
    audio_hop_ms: float = Field(10.0, gt=0, description="sound: milliseconds between two windows")
    sample_rate: int | None = Field(
        None, ge=1, le=COUNT, description="sound: samples a second to resample to; default: the first file's"
    )
    image_size: int | list[int] | None = Field(
        None,
        description="pictures: side of a square, or height and width, to scale and crop to; default: their own size",
    )
    image_color: Literal["auto", "gray", "rgb"] = Field("auto", description="pictures: auto is gray where all are gray")
    image_steps: Literal["whole", "rows", "pixels"] = Field(
        "whole", description="pictures: one value, or a sequence of its rows or of its pixels"
    )
    frame_rate: float | None = Field(None, gt=0, description="videos: pictures a second to take; default: all")
    max_length: int | None = Field(None, ge=1, le=COUNT, description="longer sequences are cut to this many steps")
    horizon: int = Field(1, ge=1, le=COUNT, description="steps ahead, for numbers that predict their own future")
    forecast: Literal["direct", "recursive"] | None = Field(
        None, description="answer all next `horizon` steps of the targets: at once, or one read back after the other"
    )
    window: int | None = Field(
        None, ge=1, le=COUNT, description="forecast: steps that are read before one; default: bptt"
    )
    season: int | None = Field(
        None, ge=2, le=COUNT, description="forecast: steps of a season; inferred by autocorrelation"
    )
    time_features: list[Literal["hour", "weekday", "month", "yearday"]] = Field(
        default_factory=list, description="columns that are made of a table's time stamps"
    )
    dev_fraction: float = Field(0.1, gt=0, lt=1, description="share held out when no dev file is given")

    @field_validator("time_format")
    @classmethod
    def _time_format_is_known(cls, form: str | None) -> str | None:
        if form is not None and "%" not in form:
            form = form.replace("-", " ").strip()
            if form not in TIME_FORMATS:
                raise ValueError(f'expected {", ".join(TIME_FORMATS)} or a pattern such as %d.%m.%Y, got "{form}"')
        return form

    @field_validator("image_size")
    @classmethod
    def _image_size_is_a_size(cls, size: int | list[int] | None) -> int | list[int] | None:
        sides = size if isinstance(size, list) else [1 if size is None else size]
        if len(sides) not in (1, 2) or not 1 <= min(sides) <= max(sides) <= SIZE:
            raise ValueError(f"expected one side, or height and width, of 1 to {SIZE:,}, got {str(size)[:60]}")
        return size


class ModelConfig(Section):
    """The network between the two codecs."""

    mode: ModeName | None = Field(None, description="sequence mode; inferred from the data")
    cell: str = Field("lstm", description="the recurrence; see `recur cells`")
    convolutions: list[int] = Field(
        default_factory=lambda: [32, 64], description="pictures: channels of each convolution, halved in size after it"
    )
    picture_pooling: Literal["flatten", "mean"] = Field(
        "flatten", description="pictures: read all places of the last convolution, at most 7 x 7, or their mean"
    )
    augment: list[Literal["shift", "flip"]] = Field(
        default_factory=list, description="pictures: move by up to an eighth, mirror half of them, while learning"
    )
    hidden_size: int | list[int] = Field(128, description="units of a layer, or a list with one size a layer")
    num_layers: int = Field(1, ge=1, le=LAYERS, description="layers on top of one another")
    bidirectional: bool | None = Field(None, description="read both ways; default: where the mode allows and gains")
    pooling: Literal["last", "mean", "max"] = Field("last", description="many-to-one: what of the sequence is read out")
    embedding_size: int | None = Field(
        None, ge=1, le=SIZE, description="size of a symbol's vector; default: hidden size"
    )
    character_size: int | None = Field(
        None,
        ge=1,
        le=SIZE,
        description="read the letters of each word too, with so many units a direction (Lample 2016)",
    )
    embedding_range: float = Field(
        0.1, gt=0, description="symbols' vectors start uniformly between minus and plus this"
    )
    scale_embedding: bool = Field(
        True, description="multiply symbols' vectors by the root of their size; off for published sgd recipes"
    )
    tie_weights: bool = Field(False, description="one matrix for input embedding and readout")
    attention: Literal["none", "bahdanau", "luong"] = Field("none", description="many-to-many: attention form")
    input_feeding: bool = Field(False, description="with attention: read the last attentional vector (Luong 2015)")
    quantiles: list[float] = Field(
        default_factory=list, description="forecast: quantiles to answer with, 0.5 among them (Koenker 1978)"
    )
    relative_to: Literal["none", "last", "season"] = Field(
        "none", description="forecast: what it is the change from: nothing, the last value, that of a season before"
    )
    crf: bool = Field(False, description="tags: score whole sequences of tags, not each alone (Lafferty 2001)")
    adaptive_softmax: bool = Field(False, description="cheaper readout for large vocabularies (Grave 2017)")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout on embeddings, between layers and before the readout")
    variational_dropout: float = Field(0.0, ge=0, lt=1, description="the same with one mask for all steps (Gal 2016)")
    embedding_dropout: float = Field(0.0, ge=0, lt=1, description="drop whole words (Gal 2016)")
    recurrent_dropout: float = Field(0.0, ge=0, lt=1, description="locked mask on h_{t-1} (Gal 2016)")
    zoneout: float = Field(0.0, ge=0, lt=1, description="units that keep their old state (Krueger 2017)")
    weight_drop: float = Field(0.0, ge=0, lt=1, description="DropConnect on W_hh (Merity 2018)")
    layer_norm: bool = Field(False, description="layer-normalised lstm or gru (Ba 2016)")
    residual: bool = Field(False, description="add a layer's input to its output")
    learn_initial_state: bool = Field(False, description="h_0 is a parameter")
    forget_bias: float | None = Field(None, description="initial bias of the lstm forget gate")
    memory_steps: int | None = Field(
        None, ge=3, le=SIZE, description="units of an lstm or gru remember so long at first (Tallec 2018)"
    )
    recurrent_init: Literal["uniform", "orthogonal"] = Field("uniform", description="start of W_hh (Saxe 2014)")
    engine: Literal["auto", "native", "stock", "eager"] = Field("auto", description="backend of the recurrence")

    @field_validator("convolutions")
    @classmethod
    def _channels_are_positive(cls, channels: list[int]) -> list[int]:
        if channels and not (1 <= min(channels) <= max(channels) <= SIZE and len(channels) <= 100):
            raise ValueError(f"expected at most 100 convolutions of 1 to {SIZE:,} channels, got {str(channels)[:60]}")
        return channels


class TrainingConfig(Section):
    """How the network learns."""

    epochs: int = Field(10, ge=1, le=COUNT, description="passes over the training data")
    max_steps: int | None = Field(None, ge=1, le=COUNT, description="stop after this many updates")
    max_minutes: float | None = Field(None, gt=0, description="stop after this many minutes of training")
    batch_size: int | None = Field(
        None, ge=1, le=COUNT, description="rows, or parallel streams, of one update; default: 32, fewer of a small file"
    )
    optimizer: Literal["adam", "adamw", "sgd", "asgd"] = Field("adamw", description="asgd: NT-ASGD (Merity 2018)")
    lr: float = Field(2e-3, gt=0, description="learning rate")
    weight_decay: float = Field(0.0, ge=0, description="decoupled for adamw, L2 for the others")
    schedule: Literal["constant", "cosine", "linear", "plateau", "step"] = Field("cosine", description="learning rate")
    warmup_steps: int = Field(0, ge=0, le=COUNT, description="updates over which the learning rate rises from 0")
    decay: float = Field(0.5, gt=0, le=1, description="factor of the schedules step and plateau")
    decay_after: int = Field(
        4, ge=0, le=COUNT, description="epochs at full rate before schedule step decays every epoch"
    )
    clip: float = Field(1.0, ge=0, description="largest gradient norm; 0 switches clipping off")
    bptt: int = Field(64, ge=1, le=COUNT, description="k2: steps of truncated BPTT, for one long stream")
    bptt_stride: int | None = Field(None, ge=1, le=COUNT, description="k1: steps between updates; default k2")
    bptt_variable: bool = Field(False, description="draw the length of each window around bptt (Merity 2018)")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="share of probability given to all classes")
    activation_regularization: float = Field(
        0.0, ge=0, description="penalty on large outputs of the last layer (Merity 2017: 2)"
    )
    temporal_activation_regularization: float = Field(
        0.0, ge=0, description="penalty on outputs that change from step to step (Merity 2017: 1)"
    )
    teacher_forcing: float = Field(
        1.0, ge=0, le=1, description="share of true symbols that the decoder ends up being fed (Bengio 2015)"
    )
    patience: int | None = Field(None, ge=1, le=COUNT, description="evaluations without gain before stopping")
    evaluate_every: int | None = Field(
        None, ge=1, le=COUNT, description="updates between evaluations; default: each epoch"
    )
    save_every: int = Field(500, ge=1, le=COUNT, description="updates between checkpoints")
    bucket: bool = Field(True, description="batches of similar lengths")
    seed: int = Field(0, ge=0, le=2**63 - 1, description="seed of everything random")
    threads: int | None = Field(None, ge=1, le=1024, description="CPU threads; default: all")
    device: str = Field("auto", description="auto, cpu, cuda, mps")
    record_gradients: bool = Field(False, description="log the size of the gradient by distance, for `recur compare`")
    prompts: list[str] = Field(default_factory=list, description="prompts shown after every evaluation")


class Config(Section):
    """A whole run: data, model, training.

    Attributes
    ----------
    data : DataConfig
        Where the rows come from and how raw values become tensors.
    model : ModelConfig
        The network between the two codecs.
    training : TrainingConfig
        How the network learns.

    Raises
    ------
    pydantic.ValidationError
        For an unknown key or a value out of its range; `recur.fit` and the command line raise a ConfigError that names
        the option.

    Examples
    --------
    >>> config = Config()
    >>> config.model.hidden_size, config.training.epochs
    (128, 10)
    >>> config.training.epochs = 3  # checked as in the constructor
    """

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()

    @field_validator("model")
    @classmethod
    def _sizes_are_positive(cls, model: ModelConfig) -> ModelConfig:
        sizes = model.hidden_size if isinstance(model.hidden_size, list) else [model.hidden_size]
        if not sizes or min(sizes) < 1:
            raise ValueError(f"hidden_size must be positive, got {model.hidden_size}")
        if len(sizes) > LAYERS or max(sizes) > SIZE:
            raise ValueError(
                f"hidden_size must be at most {SIZE:,} for each of at most {LAYERS:,} layers, "
                f"got {max(sizes)} for {len(sizes)}"
            )
        return model

    @field_validator("model")
    @classmethod
    def _quantiles_are_shares(cls, model: ModelConfig) -> ModelConfig:
        found = model.quantiles
        if found and (0.5 not in found or found != sorted(set(found)) or not 0 < found[0] <= found[-1] < 1):
            raise ValueError(f"quantiles must rise from above 0 to below 1, with 0.5 among them, got {found}")
        return model
