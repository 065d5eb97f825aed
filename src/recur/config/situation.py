"""When an option has an effect: the facts of a task that are known before training, and conditions on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recur.config.modes import MODE_FACTS, ModeFacts

__all__ = ["Condition", "Situation"]


@dataclass(frozen=True)
class Situation:
    """The facts of a task that are known before training.

    Attributes
    ----------
    mode : str
        The sequence mode.
    sentence : str
        The task in words, for messages.
    form : str
        The format that the rows were read from: text, csv, jsonl, memory, ...; empty where it is unknown.
    folder : bool
        Whether the rows are those of a folder.
    option_groups : frozenset of str
        Groups of options that act on what is read or predicted, as the codecs state them: image, video, picture
        (a whole one, or the frames of a video), note, sound, number.
    files : bool
        Whether values are contents of files.
    text : bool
        Texts are read or predicted.
    symbols : bool
        What is read, or written item by item, has a vocabulary: it is embedded.
    labels, tags : bool
        Whether labels are predicted: one for a row or one for each step; one for each step.
    words : bool
        Words are read, and something else is predicted.
    stream : bool
        One long text is read in windows.
    windows : bool
        A long text or a series is read in windows.
    forecast : bool
        The next steps of a series are answered together.
    own_future : bool
        Numbers predict their own later values.
    continued : bool
        A text predicts its own next symbol.
    timed : bool
        The rows have a time, by which they are in order.
    calendar : bool
        Columns computed from the time stamps are read.
    signal : bool
        Every step has numbers as its target, and not as a forecast.
    held_out : bool
        Rows to choose on are held out, since no file of them is given.
    attention : bool
        A form of attention was chosen.
    schedule : str
        The schedule of the learning rate.
    """

    mode: str
    sentence: str = ""
    form: str = ""
    folder: bool = False
    option_groups: frozenset[str] = frozenset()
    files: bool = False
    text: bool = False
    symbols: bool = False
    labels: bool = False
    tags: bool = False
    words: bool = False
    stream: bool = False
    windows: bool = False
    forecast: bool = False
    own_future: bool = False
    continued: bool = False
    timed: bool = False
    calendar: bool = False
    signal: bool = False
    held_out: bool = True
    attention: bool = False
    schedule: str = "cosine"

    @property
    def facts(self) -> ModeFacts:
        """What the mode reads and answers."""
        return MODE_FACTS[self.mode]

    @property
    def attends(self) -> bool:
        """Whether the decoder has several vectors to attend to: the steps of the input, or the places of a picture."""
        return self.facts.generates and (self.facts.reads_steps or {"image", "picture"} <= self.option_groups)


@dataclass(frozen=True)
class Condition:
    """Where an option has an effect.

    Attributes
    ----------
    words : str
        Completes the sentence "it acts ...".
    holds : callable
        Whether a situation is of this kind.
    """

    words: str
    holds: Callable[[Situation], bool]


# in these formats numbers may be texts; in the others they are stored as numbers, or there are none
_WRITTEN_NUMBERS = frozenset({"", "csv", "tsv", "jsonl", "memory", "npy", "npz", "folder"})

FROM_FILE = Condition("on a file or folder, not on rows from Python", lambda task: task.form != "memory")
FOLDER = Condition("on a folder or a pattern of names", lambda task: task.folder)
DELIMITED = Condition("on CSV and TSV files", lambda task: task.form in ("", "csv", "tsv"))
NUMBER_TEXTS = Condition(
    "on numbers in cells of a table", lambda task: "number" in task.option_groups and task.form in _WRITTEN_NUMBERS
)
DAMAGED = Condition(
    "on values that are files (pictures, videos, sound, notes), and on rows with a time",
    lambda task: task.files or task.timed,
)
CALENDAR = Condition("where columns computed from time stamps are read", lambda task: task.calendar)
PICTURES = Condition("on pictures", lambda task: "picture" in task.option_groups)
IMAGES = Condition("on pictures", lambda task: "image" in task.option_groups)
IMAGES_OR_VIDEOS = Condition("on pictures", lambda task: bool({"image", "video"} & task.option_groups))
VIDEOS = Condition("on videos", lambda task: "video" in task.option_groups)
NOTES = Condition("on notes", lambda task: "note" in task.option_groups)
SOUND = Condition("on sound", lambda task: "sound" in task.option_groups)
TEXT = Condition("on text", lambda task: task.text)
SYMBOLS = Condition("on symbols", lambda task: task.symbols)
LABELS = Condition("where a class or tags are predicted", lambda task: task.labels)
TAGS = Condition("where every step gets a tag", lambda task: task.tags)
SIGNAL = Condition("where every step has numbers as its target, and not on a forecast", lambda task: task.signal)
WORDS = Condition("where words are read and something else is predicted", lambda task: task.words)
SUMMARY = Condition("in many-to-one", lambda task: task.facts.summarises)
WRITES = Condition("where a sequence is written: one-to-many and many-to-many", lambda task: task.facts.generates)
ATTENDS = Condition("in many-to-many, and in one-to-many from a picture", lambda task: task.attends)
ATTENTION = Condition("with attention", lambda task: task.attends and task.attention)
STREAM = Condition("on one long text", lambda task: task.stream)
WINDOWS = Condition("on a long text or a series, which are read in windows", lambda task: task.windows)
FORECAST = Condition("on a forecast: --forecast direct", lambda task: task.forecast)
NUMBERS = Condition("on numbers", lambda task: "number" in task.option_groups)
TIMED = Condition("on rows with a time", lambda task: task.timed)
CONTINUED = Condition("on a text that predicts its own next symbol", lambda task: task.continued)
HELD_OUT = Condition("where no dev file is given", lambda task: task.held_out)
RECURRENCE = Condition("on sequences: there is no recurrence in one-to-one", lambda task: task.facts.recurrent)
BATCHES = Condition("on rows; a long text is read as parallel streams", lambda task: not task.stream)
DECAYS = Condition("with --schedule step or plateau", lambda task: task.schedule in ("step", "plateau"))
STEPS = Condition("with --schedule step", lambda task: task.schedule == "step")
AHEAD = Condition("on numbers that predict their own future", lambda task: task.own_future or task.forecast)
ROWS = Condition("on rows; a long text or series has windows", lambda task: not task.stream and not task.forecast)
NO_FORECAST = Condition("everywhere but on a forecast", lambda task: not task.forecast)
EVERY_STEP = Condition(
    "where every step has an answer, and not on a forecast",
    lambda task: not task.forecast and task.facts.answers_steps,
)
