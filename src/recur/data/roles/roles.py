"""Roles: which columns are read, which are predicted, by which codecs, in which mode; and a sentence about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from recur.codecs import Codec, class_of
from recur.codecs.number_style import NumberStyle
from recur.config import MODE_FACTS, ModeFacts
from recur.data.roles import summary
from recur.data.stamps.timing import Timing


@dataclass(frozen=True)
class Roles:
    """What the columns of a table are for.

    Attributes
    ----------
    mode : str
        One of the five sequence modes, or forecast.
    input, target : list of str
        Columns; no input in one-to-many from nothing, no target where the input predicts its own next item.
    input_codec : str or None
    target_codec : str
        How their values become arrays.
    group : str or None
        Column whose value marks the rows of one sequence.
    stream : bool
        Whether the rows are pieces of long documents, over which the state is carried.
    sentence : str
        All this in words.
    columns : list of str
        All columns of the table, for files that come later without a header.
    forecast : str or None
        direct or recursive, where the next steps of the target columns are answered together.
    styles : dict
        How the numbers of columns are written, where they are texts and show it.
    left_out : dict
        Column that is neither read nor predicted -> why.
    notes : list of str
        What else was left out while the file was read.
    choices : list of str
        What was decided that an option changes: whether whole numbers are predicted as numbers or as classes.
    time : Timing or None
        How the time of rows is read, where a column says it.
    missing_labels : list of str or None
        Words that say that a class or tag is missing, where they were given.
    """

    mode: str
    input: list[str]
    target: list[str]
    input_codec: str | None
    target_codec: str
    group: str | None
    stream: bool
    sentence: str
    columns: list[str] = field(default_factory=list)
    forecast: str | None = None
    styles: dict[str, NumberStyle] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    time: Timing | None = None
    missing_labels: list[str] | None = None

    @property
    def description(self) -> list[str]:
        """What is read, predicted and left out, and the decisions, one line each."""
        is_table = bool(self.columns) and self.columns != ["text"]
        lines = summary.lines(is_table, self.input, self.target, self.group, self.left_out, self.notes)
        return [*lines, *self.choices]

    @property
    def facts(self) -> ModeFacts:
        """What the mode reads and answers."""
        return MODE_FACTS[self.mode]

    @property
    def input_kind(self) -> type[Codec]:
        """The class of what is read, whose traits can be asked; `Codec` itself where nothing is read."""
        return class_of(self.input_codec)

    @property
    def target_kind(self) -> type[Codec]:
        """The class of what is predicted."""
        return class_of(self.target_codec)

    @property
    def labels_rows(self) -> bool:
        """Whether a row has one label, its class."""
        return self.target_kind.labelled and not self.target_kind.per_step

    @property
    def labels_steps(self) -> bool:
        """Whether each step has a label, its tag."""
        return self.target_kind.labelled and self.target_kind.per_step

    @property
    def rows_are_steps(self) -> bool:
        """Whether rows are the steps of one or several series of numbers, so that their order counts."""
        return self.answers_every_step and self.input_kind.numeric and self.target_kind.per_step

    @property
    def is_timed_series(self) -> bool:
        """Whether rows are read in the order of time, as the steps of one or several series."""
        return self.time is not None and self.rows_are_steps

    @property
    def answers_every_step(self) -> bool:
        """Whether each step of the input has an answer."""
        return self.facts.per_step

    @property
    def one_way(self) -> bool:
        """Whether a network reads one way by default: later steps of time are not known."""
        return self.is_timed_series

    @property
    def own_future(self) -> bool:
        """Whether the target is the input itself, later."""
        return not self.target

    @property
    def predicted(self) -> list[str]:
        """The columns whose values are predicted: the targets, or the inputs that predict their own future."""
        return self.target or self.input

    def ahead(self, horizon: int) -> int:
        """Steps from an item to what is predicted from it: the horizon for numbers that predict themselves, else 1."""
        return horizon if self.forecast or (self.own_future and self.input_kind.numeric) else 1

    @property
    def numeric(self) -> list[str]:
        """The columns that are read as numbers."""
        sides = ((self.input_codec, self.input), (self.target_codec, self.target))
        return list(dict.fromkeys(name for codec, names in sides if class_of(codec).numeric for name in names))

    @property
    def reads_a_sequence(self) -> bool:
        """Whether an input has many steps."""
        return self.facts.reads_steps

    @property
    def writes_a_sequence(self) -> bool:
        """Whether a target has many steps."""
        return self.facts.answers_steps


def say(roles: Roles, classes: int | None = None, horizon: int = 1) -> str:
    """Return roles in words: ``text, label -> many-to-one, words -> 2 classes``.

    Parameters
    ----------
    roles : Roles
    classes : int, optional
        Number of different labels, once they are known.
    horizon : int
        Steps ahead, for numbers that predict themselves.
    """
    if roles.forecast:
        steps = "their next value" if horizon == 1 else f"the next {horizon} values"
        return f"{', '.join(few(roles.input))} -> {roles.mode}, numbers -> {steps} of {', '.join(few(roles.target))}"
    columns = ", ".join(few([*roles.input, *roles.target])) or "nothing"
    if roles.own_future:
        ahead = "their next value" if horizon == 1 else f"their value {horizon} steps ahead"
        what = ahead if roles.input_kind.numeric else "the next one"
        return f"{columns} -> {roles.mode}, {roles.input_codec} -> {what}"
    target = roles.target_codec
    if classes is not None and roles.target_kind.labelled:
        target = f"{classes} {roles.target_kind.noun if classes == 1 else roles.target_kind.plural}"
    return f"{columns} -> {roles.mode}, {roles.input_codec or 'nothing'} -> {target}"


def with_sentence(roles: Roles, horizon: int) -> Roles:
    """The same roles with their sentence."""
    return replace(roles, sentence=say(roles, horizon=horizon))


def few(names: Sequence[str], most: int = 6) -> list[str]:
    """Return at most ``most`` names, those in the middle counted."""
    return list(names) if len(names) <= most else [*names[: most - 2], f"… {len(names) - most + 1} more", names[-1]]
