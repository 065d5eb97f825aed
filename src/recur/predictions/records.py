"""Predictions as rows of a table: a row for each answer, or for each step of an answer.

    class                row, text, label, probability [, label 2, probability 2, ...]
    numbers              row, price [EUR]
    written text         row, english, french, probability
    tags                 row, step, tokens, tags         (of a series of rows: row, tags)
    notes, a roll        row, step, notes, notes names   MIDI pitches that sound and their names: 60 64, C4 E4
    notes, a melody      row, notes, probability         a line of notes: C4/2 r E4
    forecast             series or the group column, step [, time], load, load 10 %, load 90 %

Numbers are the floats that the network computed, without rounding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur.codecs import Codec
from recur.codecs.note_events import name_of
from recur.data import InputQuery, Roles
from recur.figures import short
from recur.predictions.plain import PlainAnswer, plain

if TYPE_CHECKING:
    from recur.heads import Prediction
    from recur.modes import Mode

Record = dict[str, Any]

ROW, STEP, TIME, SERIES = "row", "step", "time", "series"


@dataclass(frozen=True)
class Sheet:
    """The columns of a table of predictions.

    Attributes
    ----------
    lead : list of str
        Identify an answer: its row, its series, its step.
    input_name : str or None
        The column of the input, where it is a text or a file; where steps are answered one by one, each row has what
        is read at its step.
    values : list of str
        Columns of the answer; several for numbers with several columns.
    numbers : bool
        Whether the answer is numbers.
    stepped : bool
        Whether each step of an answer has a row.
    timed : bool
        Whether steps have time stamps.
    units : list of str
        Of ``values``, for numbers.
    top : int
        Candidates with their probabilities; 0 where there are none.
    quantiles : list of float
    scales : list of float
        Standard deviation of each column, by which its numbers are rounded for people.
    synced : bool
        Whether every step of the input has an answer of its own.
    played : bool
        Whether steps are the pitches that sound, which have a column with their names.
    id : str or None
        The column that identifies an input, where it was copied from the inputs.
    """

    lead: list[str]
    input_name: str | None
    values: list[str]
    numbers: bool
    stepped: bool
    timed: bool
    units: list[str]
    top: int
    quantiles: list[float]
    scales: list[float]
    synced: bool = False
    played: bool = False
    id: str | None = None

    @classmethod
    def of(cls, mode: Mode, roles: Roles, *, top: int = 1, first: InputQuery | None = None) -> Sheet:
        """Return the columns for the answers of a network.

        Parameters
        ----------
        mode : Mode
        roles : Roles
        top : int
            Candidates.
        first : InputQuery, optional
            The first input: whether rows and times of steps are known.
        """
        codec, rows = mode.target_codec, first is not None and first.rows is not None
        numbers, stepped = codec.numeric, codec.answers_per_step
        played = codec.playable and codec.events is not None
        ahead = stepped and numbers and (roles.own_future or roles.forecast is not None)
        lead = [roles.group] if roles.group else [SERIES] if ahead else []
        lead += [ROW] if not lead or rows else []
        lead += [STEP] if stepped and not rows else []
        names = _names(codec, roles)
        input_name = None
        if _is_shown(mode.input_codec, first) and not (stepped and numbers):
            input_name = roles.input[0] if roles.input else "input"
        taken = {*lead, TIME, input_name}
        values = [f"predicted {name}" if name in taken else name for name in names]
        values += [f"{name} names" for name in values] if played else []
        units = list(codec.units)
        values = [_with_unit(name, unit) for name, unit in zip(values, units or [""] * len(values), strict=True)]
        scored = not numbers and not stepped and not codec.events
        quantiles = mode.head.quantiles.others
        timed = first is not None and first.stamps is not None
        scales = codec.column_deviations() if numbers else []
        candidates = max(top, 1) if scored else 0
        synced = mode.abilities.each_step
        return cls(
            lead, input_name, values, numbers, stepped, timed, units, candidates, quantiles, scales, synced, played
        )

    @property
    def columns(self) -> list[str]:
        """The names of all columns, in order."""
        columns = [*self.lead, *([TIME] if self.timed else []), *([self.input_name] if self.input_name else [])]
        if self.top:
            for rank in range(1, self.top + 1):
                columns += [_ranked(self.values[0], rank), _ranked("probability", rank)]
            return columns
        columns += self.values
        return columns + [_quantile(name, share) for name in self.values for share in self.quantiles]

    def records(self, question: InputQuery, answer: Prediction) -> Iterator[Record]:
        """Return the rows of one answer."""
        if not self.stepped:
            yield self._lead(question, None) | self._given(question.value) | self._one(PlainAnswer.of(answer))
            return
        whole = PlainAnswer.of(answer)
        table = self._steps(whole.value)
        shares = {share: self._steps(value) for share, value in whole.quantiles.items()}
        read = self._read(question.value, len(table)) if self.input_name else []
        for step, row in enumerate(table):
            record = self._lead(question, step)
            if self.timed:
                record[TIME] = question.stamps[step] if question.stamps and step < len(question.stamps) else None
            if self.input_name:
                record[self.input_name] = read[step]
            record |= dict(zip(self.values, row, strict=True))
            for place, name in enumerate(self.values):
                record |= {_quantile(name, share): shares[share][step][place] for share in self.quantiles}
            yield record

    def written(self, name: str, value: Any) -> Any:
        """Return a cell as it is shown to a person."""
        if not isinstance(value, float):
            return value
        return short(value, scale=self.scales[self._column(name)] if self.scales else None)

    def _column(self, name: str) -> int:
        """Return the place in ``values`` of a column, or of one of its quantiles."""
        for place, column in enumerate(self.values):
            if name == column or name in {_quantile(column, share) for share in self.quantiles}:
                return place
        return 0

    def document(self, question: InputQuery, answer: Prediction) -> Record:
        """Return one answer as a JSON object."""
        whole = PlainAnswer.of(answer)
        record: Record = {ROW: question.row}
        if question.series is not None:
            record[self.id or SERIES] = question.series
        record |= {"input": plain(question.value), "value": whole.value}
        if self.played:
            record["names"] = [_note_names(step) for step in whole.value]
        record["scores"] = [[value, score] for value, score in whole.scores]
        if whole.ranks:
            record["ranks"] = whole.ranks
        if whole.quantiles:
            record["quantiles"] = whole.named_quantiles
        if self.numbers:
            record |= {"columns": self.values, "units": self.units}
        if question.rows is not None:
            record["rows"] = list(question.rows)
        if question.stamps is not None:
            steps = min(len(self._steps(whole.value)), len(question.stamps))
            record["times"] = [question.stamps[step] for step in range(steps)]
        return record

    def _lead(self, question: InputQuery, step: int | None) -> Record:
        row: int | None = question.row
        if step is not None and question.rows is not None and step < len(question.rows):
            row = question.rows[step]
        known = {ROW: row, SERIES: question.row, STEP: None if step is None else step + 1}
        return {name: known.get(name, question.series) for name in self.lead}

    def _given(self, value: Any) -> Record:
        return {self.input_name: plain(value)} if self.input_name else {}

    def _read(self, value: Any, steps: int) -> list[Any]:
        """Return what is read at each step of an answer: an item, or the whole input where steps have no own answer."""
        if not self.synced:
            return [plain(value)] * steps
        words = value.split() if isinstance(value, str) else value
        if isinstance(value, str) and len(words) != steps:
            words = value
        known = isinstance(words, (str, list, tuple)) and len(words) == steps
        return [plain(word) for word in words] if known else [None] * steps

    def _one(self, answer: PlainAnswer) -> Record:
        """Return the cells of an answer that is one value."""
        if not self.top:
            several = self.numbers and isinstance(answer.value, list)
            return dict(zip(self.values, answer.value if several else [answer.value], strict=True))
        record: Record = {}
        for rank in range(1, self.top + 1):
            value, score = answer.scores[rank - 1] if rank <= len(answer.scores) else (None, None)
            if rank == 1 and not answer.scores:
                value = answer.value
            record |= {_ranked(self.values[0], rank): value, _ranked("probability", rank): score}
        return record

    def _steps(self, value: Any) -> list[list[Any]]:
        """Return the steps of a plain answer, each a list of its columns."""
        rows = value if isinstance(value, list) else [value]
        if self.played:
            return [[pitches, _note_names(pitches)] for pitches in rows]
        return [row if isinstance(row, list) else [row] for row in rows]


def _is_shown(codec: Codec | None, first: InputQuery | None) -> bool:
    """Return whether an input is short enough for a column: a text, a class, the name of a file."""
    if codec is None:
        return False
    named = first is not None and isinstance(first.value, (str, Path))
    return codec.fits_in_cell or (codec.playable and named)


def _note_names(pitches: Sequence[int]) -> list[str]:
    return [name_of(pitch) for pitch in pitches]


def _names(codec: Codec, roles: Roles) -> Sequence[str]:
    if codec.numeric:
        # a list of numbers in one cell has no names of its own
        own = codec.column_names()
        return roles.target if own == ["value"] and len(roles.target) == 1 else own
    if roles.target:
        return [roles.target[0]]
    return ["continuation"]


def _ranked(name: str, rank: int) -> str:
    return name if rank == 1 else f"{name} {rank}"


def _quantile(name: str, share: float) -> str:
    return f"{name} {100 * share:g} %"


def _with_unit(name: str, unit: str) -> str:
    """Return the name of a column with its unit, unless the name contains it."""
    return f"{name} [{unit}]" if unit and unit not in name else name
