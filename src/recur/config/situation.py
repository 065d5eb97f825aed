"""When an option has an effect: the facts of a task that are known before training, and conditions on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Condition", "Situation"]


@dataclass(frozen=True)
class Situation:
    """What is known of a task once its columns are read.

    Attributes
    ----------
    mode : str
        The sequence mode.
    sentence : str
        The task in words, for messages.
    pictures : bool
        Pictures are read whole: single ones or the frames of a video.
    images, videos, notes, sound, text : bool
        Whether such values are read or, of notes, sounds and texts, predicted.
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
    numbers : bool
        Numbers are read or predicted.
    continued : bool
        A text predicts its own next symbol.
    timed : bool
        The rows have a time, by which they are in order.
    held_out : bool
        Rows to choose on are held out, since no file of them is given.
    attention : bool
        A form of attention was chosen.
    schedule : str
        The schedule of the learning rate.
    """

    mode: str
    sentence: str = ""
    pictures: bool = False
    images: bool = False
    videos: bool = False
    notes: bool = False
    sound: bool = False
    text: bool = False
    symbols: bool = False
    labels: bool = False
    tags: bool = False
    words: bool = False
    stream: bool = False
    windows: bool = False
    forecast: bool = False
    own_future: bool = False
    numbers: bool = False
    continued: bool = False
    timed: bool = False
    held_out: bool = True
    attention: bool = False
    schedule: str = "cosine"

    @property
    def writes(self) -> bool:
        """Whether a sequence is written item by item."""
        return self.mode in ("one-to-many", "many-to-many")

    @property
    def attends(self) -> bool:
        """Whether the decoder has several vectors to attend to."""
        return self.mode == "many-to-many" or (self.mode == "one-to-many" and self.pictures and self.images)


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


PICTURES = Condition("on pictures", lambda task: task.pictures)
IMAGES = Condition("on pictures", lambda task: task.images)
IMAGES_OR_VIDEOS = Condition("on pictures", lambda task: task.images or task.videos)
VIDEOS = Condition("on videos", lambda task: task.videos)
NOTES = Condition("on notes", lambda task: task.notes)
SOUND = Condition("on sound", lambda task: task.sound)
TEXT = Condition("on text", lambda task: task.text)
SYMBOLS = Condition("on symbols", lambda task: task.symbols)
LABELS = Condition("where a class or tags are predicted", lambda task: task.labels)
TAGS = Condition("where every step gets a tag", lambda task: task.tags)
WORDS = Condition("where words are read and something else is predicted", lambda task: task.words)
SUMMARY = Condition("in many-to-one", lambda task: task.mode == "many-to-one")
WRITES = Condition("where a sequence is written: one-to-many and many-to-many", lambda task: task.writes)
ATTENDS = Condition("in many-to-many, and in one-to-many from a picture", lambda task: task.attends)
ATTENTION = Condition("with attention", lambda task: task.attends and task.attention)
STREAM = Condition("on one long text", lambda task: task.stream)
WINDOWS = Condition("on a long text or a series, which are read in windows", lambda task: task.windows)
FORECAST = Condition("on a forecast: --forecast direct", lambda task: task.forecast)
NUMBERS = Condition("on numbers", lambda task: task.numbers)
TIMED = Condition("on rows with a time", lambda task: task.timed)
CONTINUED = Condition("on a text that predicts its own next symbol", lambda task: task.continued)
HELD_OUT = Condition("where no dev file is given", lambda task: task.held_out)
RECURRENCE = Condition("on sequences: there is no recurrence in one-to-one", lambda task: task.mode != "one-to-one")
BATCHES = Condition("on rows; a long text is read as parallel streams", lambda task: not task.stream)
DECAYS = Condition("with --schedule step or plateau", lambda task: task.schedule in ("step", "plateau"))
STEPS = Condition("with --schedule step", lambda task: task.schedule == "step")
AHEAD = Condition("on numbers that predict their own future", lambda task: task.own_future or task.forecast)
ROWS = Condition("on rows; a long text or series has windows", lambda task: not task.stream and not task.forecast)
NO_FORECAST = Condition("everywhere but on a forecast", lambda task: not task.forecast)
EVERY_STEP = Condition(
    "where every step has an answer, and not on a forecast",
    lambda task: not task.forecast and task.mode in ("synced", "one-to-many", "many-to-many"),
)
