"""The keywords of every option, for editors and type checkers; generated, see generate.py."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Literal, TypedDict

__all__ = ["FitOptions", "Options"]


class FitOptions(TypedDict, total=False):
    """Keywords of `recur.fit` beside those that it names itself."""

    source: str | PathLike[str] | None
    """file or folder to train on."""
    dev: str | PathLike[str] | None
    """file to choose on; without it a part of the source is held out."""
    test: str | PathLike[str] | None
    """file to report on, once."""
    dev_fraction: float
    """share held out when no dev file is given."""
    format: Literal["text", "csv", "tsv", "jsonl", "folder", "conll", "idx", "npy", "ts"] | None
    """kind of file; inferred from the name and the first lines."""
    exclude: str | Sequence[str]
    """files of a folder to leave out (glob)."""
    input_codec: str | None
    """how the input is read: words, characters, subwords, class, tags, numbers, notes, audio, images, frames, or
    another of recur.codecs; inferred."""
    target_codec: str | None
    """how the target is read: words, characters, subwords, class, tags, numbers, notes, audio, images, frames, or
    another of recur.codecs; inferred."""
    max_length: int | None
    """longer sequences are cut to this many steps."""
    damaged: Literal["error", "skip"]
    """what happens to a row whose file cannot be read."""
    header: bool | None
    """whether the first row of a CSV or TSV names the columns; inferred."""
    group: str | None
    """column whose value marks the rows of one sequence, or several: store,item; inferred over time."""
    time: str | Sequence[str] | None
    """column(s) of time stamps, by which rows are put in order; inferred; none: rows have no order."""
    time_format: str | None
    """how stamps are written: day first, month first, year first, seconds, milliseconds, counter, or a pattern such as
    %d.%m.%Y; inferred from all of them."""
    time_features: (
        Literal["hour", "weekday", "month", "yearday"] | Sequence[Literal["hour", "weekday", "month", "yearday"]]
    )
    """columns that are made of a table's time stamps."""
    duplicates: Literal["error", "first", "last", "mean"]
    """rows of one series with the same time and different values."""
    fill: Literal["previous", "linear", "zero"] | None
    """make the rows that a series lacks; default: it is read in pieces, which end at gaps."""
    decimal: Literal[".", ","] | None
    """decimal sign of numbers in text; inferred by column."""
    thousands: Literal[",", ".", "'", "space", "none"] | None
    """thousands sign of numbers in text; inferred by column."""
    missing: Literal["error", "mean", "previous"]
    """what a missing number becomes."""
    missing_labels: str | Sequence[str] | None
    """words that say that a class or tag is missing; default: NA, N/A, NaN, null and <NA>; none: empty cells only,
    where NA is a label."""
    documents: Literal["file", "line"] | None
    """what one text document is: the whole file (state is carried) or each line."""
    lower: bool
    """lower-case text."""
    min_count: int
    """words seen fewer times become unknown."""
    max_vocab: int | None
    """largest vocabulary, in symbols; subwords: its size (8000)."""
    audio: Literal["log-mel", "mfcc"]
    """sound: energies of mel bands, or their cepstrum."""
    audio_bands: int
    """sound: mel bands; the cepstrum keeps 13 coefficients of them."""
    audio_window_ms: float
    """sound: length of a window in milliseconds."""
    audio_hop_ms: float
    """sound: milliseconds between two windows."""
    sample_rate: int | None
    """sound: samples per second to resample to; default: the first file's."""
    image_size: int | Sequence[int] | None
    """pictures: side of a square, or height and width, in pixels, to scale and crop to; default: their own size."""
    image_color: Literal["auto", "gray", "rgb"]
    """pictures: channels of colour; auto is gray where all are gray."""
    image_steps: Literal["whole", "rows", "pixels"]
    """pictures: one value, or a sequence of its rows or of its pixels."""
    frame_rate: float | None
    """videos: pictures per second to take; default: all."""
    notes: Literal["roll", "melody"]
    """notes: every key of the piano at every step, or one event after another."""
    frames_per_beat: int
    """notes: steps of a quarter note."""
    transpose: int
    """notes: move each piece at random by up to this many semitones, drawn again every epoch."""
    horizon: int
    """steps ahead, for numbers that predict their own future."""
    forecast: Literal["direct", "recursive"] | None
    """answer all next `horizon` steps of the targets: at once, or one read back after the other."""
    window: int | None
    """forecast: steps that are read before one; default: bptt."""
    season: int | None
    """forecast: steps of a season; inferred by autocorrelation."""
    quantiles: float | Sequence[float]
    """forecast: quantiles to answer with, 0.5 among them (Koenker 1978)."""
    relative_to: Literal["none", "last", "season"]
    """forecast: what it is the change from: nothing, the last value, that of a season before."""
    cell: str
    """the recurrence; see `recur cells`."""
    hidden_size: int | Sequence[int]
    """units of a layer, or a list with one size per layer."""
    num_layers: int
    """layers on top of one another."""
    bidirectional: bool | None
    """read both ways; default: where the mode allows and gains."""
    pooling: Literal["last", "mean", "max"]
    """many-to-one: which summary of the sequence is read out."""
    layer_norm: bool
    """layer-normalised lstm or gru (Ba 2016)."""
    residual: bool
    """add a layer's input to its output."""
    engine: Literal["auto", "native", "stock", "eager"]
    """backend of the recurrence."""
    embedding_size: int | None
    """size of a symbol's vector; default: hidden size."""
    character_size: int | None
    """read the letters of each word too, with so many units per direction (Lample 2016)."""
    embedding_range: float
    """symbols' vectors start uniformly between minus and plus this."""
    scale_embedding: bool
    """multiply symbols' vectors by the root of their size; off for published sgd recipes."""
    convolutions: int | Sequence[int]
    """pictures: channels of each convolution, halved in size after it."""
    picture_pooling: Literal["flatten", "mean"]
    """pictures: read all places of the last convolution, at most 7 x 7, or their mean."""
    augment: Literal["shift", "flip"] | Sequence[Literal["shift", "flip"]]
    """pictures: move by up to an eighth, mirror half of them, while learning."""
    attention: Literal["none", "bahdanau", "luong"]
    """many-to-many: attention form."""
    input_feeding: bool
    """with attention: read the last attentional vector (Luong 2015)."""
    dropout: float
    """dropout on embeddings, between layers and before the readout."""
    variational_dropout: float
    """the same with one mask for all steps (Gal 2016)."""
    embedding_dropout: float
    """drop whole words (Gal 2016)."""
    recurrent_dropout: float
    """locked mask on h_{t-1} (Gal 2016)."""
    zoneout: float
    """units that keep their old state (Krueger 2017)."""
    weight_drop: float
    """DropConnect on W_hh (Merity 2018)."""
    learn_initial_state: bool
    """h_0 is a parameter."""
    forget_bias: float | None
    """initial bias of the lstm forget gate."""
    memory_steps: int | None
    """initial memory span of the units of an lstm or gru, in steps (Tallec 2018)."""
    recurrent_init: Literal["uniform", "orthogonal"]
    """start of W_hh (Saxe 2014)."""
    tie_weights: bool
    """one matrix for input embedding and readout."""
    crf: bool
    """tags: score whole sequences of tags, not each alone (Lafferty 2001)."""
    adaptive_softmax: bool
    """cheaper readout for large vocabularies (Grave 2017)."""
    epochs: int
    """passes over the training data."""
    max_steps: int | None
    """stop after this many updates."""
    max_minutes: float | None
    """stop after this many minutes of training."""
    batch_size: int | None
    """rows, or parallel streams, of one update; default: 32, fewer of a small file."""
    bucket: bool
    """batches of similar lengths."""
    teacher_forcing: float
    """share of true symbols that the decoder ends up being fed (Bengio 2015)."""
    patience: int | None
    """evaluations without gain before stopping."""
    evaluate_every: int | None
    """updates between evaluations; default: each epoch."""
    save_every: int
    """updates between checkpoints."""
    prompts: str | Sequence[str]
    """prompts shown after every evaluation."""
    record_gradients: bool
    """log the size of the gradient by distance, for `recur compare`."""
    seed: int
    """seed of everything random."""
    threads: int | None
    """CPU threads; default: all."""
    device: str
    """where to compute: auto, cpu, cuda, mps."""
    optimizer: Literal["adam", "adamw", "sgd", "asgd"]
    """how gradients change the weights; asgd: NT-ASGD (Merity 2018)."""
    lr: float
    """learning rate."""
    weight_decay: float
    """weight decay: decoupled for adamw, L2 for the others."""
    clip: float
    """largest gradient norm; 0 switches clipping off."""
    schedule: Literal["constant", "cosine", "linear", "plateau", "step"]
    """how the learning rate changes over the updates."""
    warmup_steps: int
    """updates over which the learning rate rises from 0."""
    decay: float
    """factor of the schedules step and plateau."""
    decay_after: int
    """epochs at full rate before schedule step decays every epoch."""
    bptt: int
    """k2: steps of truncated BPTT, for one long stream."""
    bptt_stride: int | None
    """k1: steps between updates; default k2."""
    bptt_variable: bool
    """draw the length of each window around bptt (Merity 2018)."""
    label_smoothing: float
    """share of probability given to all classes."""
    activation_regularization: float
    """penalty on large outputs of the last layer (Merity 2017: 2)."""
    temporal_activation_regularization: float
    """penalty on outputs that change from step to step (Merity 2017: 1)."""


class Options(FitOptions, total=False):
    """Every option by its flat name."""

    input: str | Sequence[str] | None
    """input column(s)."""
    target: str | Sequence[str] | None
    """target column(s), or the file that translates the source line by line."""
    mode: Literal["one-to-one", "one-to-many", "many-to-one", "many-to-many", "synced", "forecast"] | None
    """sequence mode; inferred from the data."""
