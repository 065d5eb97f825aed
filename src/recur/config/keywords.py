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
    """hold-out file, which chooses the best checkpoint; default: a part of the source is held out."""
    test: str | PathLike[str] | None
    """test file, which is evaluated once."""
    dev_fraction: float
    """share of the data that is held out when no dev file is given."""
    format: Literal["text", "csv", "tsv", "jsonl", "folder", "conll", "idx", "npy", "ts", "arrow"] | None
    """file format; default: inferred from the name and the first lines."""
    exclude: str | Sequence[str]
    """files of a folder to leave out (glob pattern)."""
    input_codec: str | None
    """codec of the input: words, characters, subwords, class, tags, numbers, notes, audio, images, frames, or another
    of recur.codecs; default: inferred."""
    target_codec: str | None
    """codec of the target: words, characters, subwords, class, tags, numbers, notes, audio, images, frames, or another
    of recur.codecs; default: inferred."""
    max_length: int | None
    """cut longer sequences to this many steps."""
    storage: Literal["memory", "disk"] | None
    """where encoded rows are kept: memory, or disk, which shuffles them by block; default: disk for files of 1 GiB or
    more."""
    damaged: Literal["error", "skip"]
    """what to do with a row whose file or time stamp cannot be read."""
    header: bool | None
    """whether the first row of a CSV or TSV names the columns; default: inferred."""
    group: str | None
    """column whose value identifies the rows of one sequence, or several columns: store,item; default: inferred for
    rows with time stamps."""
    time: str | Sequence[str] | None
    """column(s) of time stamps that order the rows; default: inferred; none: rows have no order."""
    time_format: str | None
    """format of the time stamps: day first, month first, year first, seconds, milliseconds, counter, or a pattern such
    as %d.%m.%Y; default: inferred from all of them."""
    time_features: (
        Literal["hour", "weekday", "month", "yearday"] | Sequence[Literal["hour", "weekday", "month", "yearday"]]
    )
    """columns computed from the time stamps of a table."""
    duplicates: Literal["error", "first", "last", "mean"]
    """what to do with rows of one series that have the same time and different values."""
    fill: Literal["previous", "linear", "zero"] | None
    """how to fill missing rows of a series; default: the series is split at its gaps."""
    decimal: Literal[".", ","] | None
    """decimal separator of numbers in text; default: inferred per column."""
    thousands: Literal[",", ".", "'", "space", "none"] | None
    """thousands separator of numbers in text; default: inferred per column."""
    missing: Literal["error", "mean", "previous"]
    """what replaces a missing number; error: it is refused."""
    missing_labels: str | Sequence[str] | None
    """words that mean that a class or tag is missing; default: NA, N/A, #N/A, NaN, NULL and <NA>; none: only empty
    cells are missing, and NA is a label."""
    documents: Literal["file", "line"] | None
    """what one document of a text is: the whole file (the state is carried over), or each line."""
    lower: bool
    """convert text to lower case."""
    min_count: int
    """words seen fewer times than this become unknown."""
    max_vocab: int | None
    """largest vocabulary, in symbols; for subwords its size (default: 8000)."""
    audio: Literal["log-mel", "mfcc"]
    """sound: log energies of mel bands, or their cepstral coefficients."""
    audio_bands: int
    """sound: number of mel bands; mfcc keeps 13 coefficients of them."""
    audio_window_ms: float
    """sound: length of a window in milliseconds."""
    audio_hop_ms: float
    """sound: milliseconds between two windows."""
    sample_rate: int | None
    """sound: samples per second to resample to; default: the first file's."""
    image_size: int | Sequence[int] | None
    """pictures: scale and crop to this size in pixels (one side, or height and width); default: their own size."""
    image_color: Literal["auto", "gray", "rgb"]
    """pictures: colour channels; auto is gray if all pictures are gray."""
    image_steps: Literal["whole", "rows", "pixels"]
    """pictures: read each as one value, or as a sequence of its rows or of its pixels."""
    frame_rate: float | None
    """videos: frames per second to read; default: all."""
    notes: Literal["roll", "melody"]
    """notes: all piano keys at every step (roll), or one event after another (melody)."""
    frames_per_beat: int
    """notes: steps per quarter note."""
    transpose: int
    """notes: transpose each piece at random by up to this many semitones, drawn again every epoch."""
    horizon: int
    """steps ahead to predict, for numbers that predict their own future."""
    forecast: Literal["direct", "recursive"] | None
    """predict the next `horizon` steps of the targets: all at once, or step by step from its own answers."""
    window: int | None
    """forecast: steps that are read before each forecast; default: bptt."""
    season: int | None
    """forecast: length of a season in steps; default: inferred by autocorrelation."""
    quantiles: float | Sequence[float]
    """forecast: quantiles to predict, including 0.5 (Koenker 1978)."""
    relative_to: Literal["none", "last", "season"]
    """forecast: predict the value itself, its change from the last value or from that a season earlier."""
    cell_inputs_in_x: bool
    """columns of cell_inputs are also columns of the input x."""
    hidden_size: int | Sequence[int]
    """units of every layer, or a list with one size per layer."""
    num_layers: int
    """number of stacked layers."""
    bidirectional: bool | None
    """read the sequence in both directions; default: where the mode allows it and benefits."""
    pooling: Literal["last", "mean", "max"]
    """many-to-one: which summary of the sequence is read out."""
    layer_norm: bool
    """layer normalisation in an lstm or gru (Ba 2016)."""
    residual: bool
    """add a layer's input to its output."""
    engine: Literal["auto", "native", "stock", "eager"]
    """backend of the recurrence."""
    embedding_size: int | None
    """size of the embedding vectors; default: hidden size."""
    character_size: int | None
    """also read the characters of each word, with this many units per direction (Lample 2016)."""
    embedding_range: float
    """embedding vectors are initialised uniformly between minus and plus this value."""
    scale_embedding: bool
    """multiply embedding vectors by the square root of their size; switch it off for published sgd recipes."""
    convolutions: int | Sequence[int]
    """pictures: channels of each convolution; each halves height and width."""
    picture_pooling: Literal["flatten", "mean"]
    """pictures: read all positions of the last convolution, at most 7 x 7, or their mean."""
    augment: Literal["shift", "flip"] | Sequence[Literal["shift", "flip"]]
    """pictures: during training, shift by up to an eighth of the size, or mirror half of them."""
    attention: Literal["none", "bahdanau", "luong"]
    """many-to-many: form of attention."""
    input_feeding: bool
    """with attention: feed the previous attentional vector back in (Luong 2015)."""
    dropout: float
    """dropout on embeddings, between layers and before the readout."""
    variational_dropout: float
    """dropout in the same places, with one mask for all steps (Gal 2016)."""
    embedding_dropout: float
    """share of symbols whose whole vector is dropped (Gal 2016)."""
    recurrent_dropout: float
    """dropout on h_{t-1}, with one mask for all steps (Gal 2016)."""
    zoneout: float
    """share of units that keep their previous state (Krueger 2017)."""
    weight_drop: float
    """DropConnect on W_hh (Merity 2018)."""
    learn_initial_state: bool
    """learn the initial state h_0 as a parameter."""
    forget_bias: float | None
    """initial bias of the lstm forget gate."""
    memory_steps: int | None
    """initial memory span of the units of an lstm or gru, in steps (Tallec 2018)."""
    recurrent_init: Literal["uniform", "orthogonal"]
    """initial values of W_hh (Saxe 2014)."""
    tie_weights: bool
    """use one matrix for the input embedding and the readout."""
    crf: bool
    """tags: score whole sequences of tags instead of each tag alone (Lafferty 2001)."""
    adaptive_softmax: bool
    """cheaper readout for large vocabularies (Grave 2017)."""
    loss: Literal["esr"] | None
    """numbers at every step: esr trains on the error-to-signal ratio, with pre-emphasis (Wright 2019); default: the
    squared error."""
    epochs: int
    """passes over the training data."""
    max_steps: int | None
    """stop after this many updates."""
    max_minutes: float | None
    """stop after this many minutes of training."""
    batch_size: int | None
    """rows, or parallel streams, per update; default: 32, fewer for a small file."""
    bucket: bool
    """group rows of similar lengths into batches."""
    teacher_forcing: float
    """share of true symbols fed to the decoder at the end of training; it starts at 1 (Bengio 2015)."""
    patience: int | None
    """early stopping: evaluations without improvement before training stops."""
    evaluate_every: int | None
    """updates between evaluations; default: one epoch."""
    save_every: int
    """updates between checkpoints."""
    prompts: str | Sequence[str]
    """prompts that are continued after every evaluation."""
    record_gradients: bool
    """log the size of the gradient by distance, for `recur compare`."""
    seed: int
    """seed of all random numbers."""
    threads: int | None
    """CPU threads; default: all."""
    process_timeout: float
    """seconds that each of several processes waits for the others before all of them end."""
    device: str
    """where to compute: auto, cpu, cuda, mps."""
    optimizer: Literal["adam", "adamw", "sgd", "asgd"]
    """optimizer of the weights; asgd is NT-ASGD (Merity 2018)."""
    lr: float
    """learning rate."""
    weight_decay: float
    """weight decay: decoupled for adamw, L2 for the others."""
    clip: float
    """clip the gradient to this norm; 0 disables clipping."""
    schedule: Literal["constant", "cosine", "linear", "plateau", "step"]
    """schedule of the learning rate over the updates."""
    warmup_steps: int
    """updates over which the learning rate rises from 0."""
    decay: float
    """factor by which the schedules step and plateau multiply the learning rate."""
    decay_after: int
    """for the schedule step: epochs at the full learning rate before it decays every epoch."""
    bptt: int
    """k2: steps of a window of truncated BPTT, over a long text or series."""
    bptt_stride: int | None
    """k1: steps between updates; default: k2."""
    bptt_variable: bool
    """draw the length of each window at random around bptt (Merity 2018)."""
    label_smoothing: float
    """share of probability that is spread over all classes."""
    activation_regularization: float
    """penalty on large outputs of the last layer (Merity 2017 uses 2)."""
    temporal_activation_regularization: float
    """penalty on outputs that change from step to step (Merity 2017 uses 1)."""


class Options(FitOptions, total=False):
    """Every option by its flat name."""

    input: str | Sequence[str] | None
    """input column(s)."""
    target: str | Sequence[str] | None
    """target column(s), or a file with the translation of each line of the source."""
    mode: Literal["one-to-one", "one-to-many", "many-to-one", "many-to-many", "synced", "forecast"] | None
    """sequence mode; default: inferred from the data."""
    cell: str
    """recurrent cell; `recur cells` lists them; or FILE.py:NAME, an equation of yours."""
    cell_inputs: str | Sequence[str]
    """columns for further inputs of the cell, such as the time since the last step: dt=COLUMN; each is divided by its
    mean and not shifted."""
    cell_sizes: str | Sequence[str]
    """numbers for the cell's own sizes, such as heads=4 of slstm_heads or P=64 of lstm_projected; default: half the
    hidden size, and at most four heads."""
