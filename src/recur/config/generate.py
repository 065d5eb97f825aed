"""The typed keywords of `recur.fit`, written from the schema: ``python -m recur.config.generate`` renews them."""

from __future__ import annotations

import textwrap
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from recur.config.base import OneOrMany, Option
from recur.config.schema import options

__all__ = ["keywords", "python_type"]

FILE = Path(__file__).with_name("keywords.py")
OWN = ("mode", "input", "target", "cell", "cell_inputs", "cell_sizes")
"""Options that `recur.fit` takes by parameters of its own."""

_HEAD = '''"""The keywords of every option, for editors and type checkers; generated, see generate.py."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Literal, TypedDict

__all__ = ["FitOptions", "Options"]


class FitOptions(TypedDict, total=False):
    """Keywords of `recur.fit` beside those that it names itself."""
'''
_TAIL = '''

class Options(FitOptions, total=False):
    """Every option by its flat name."""
'''
_WIDTH = 120


def keywords() -> str:
    """Return the text of keywords.py."""
    lines = [_HEAD, *_fields(one for one in options().values() if one.name not in OWN)]
    lines += [_TAIL, *_fields(one for one in options().values() if one.name in OWN)]
    return "\n".join(lines) + "\n"


def _fields(listed: Iterable[Option]) -> list[str]:
    lines = []
    for one in listed:
        annotation = python_type(one.field.annotation, one.field.metadata)
        # a path is a text everywhere that a file is named
        if one.name in ("source", "dev", "test"):
            annotation = annotation.replace("str", "str | PathLike[str]")
        line = f"    {one.name}: {annotation}"
        if len(line) > _WIDTH:
            line = f"    {one.name}: (\n        {annotation}\n    )"
        wrapped = textwrap.wrap(f'"""{one.description}."""', _WIDTH - 4)
        lines += [line, *(f"    {each}" for each in wrapped)]
    return lines


def python_type(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Return what may be given for a field, as Python writes it.

    >>> python_type(list[int] | None, [OneOrMany("integer")])
    'int | Sequence[int] | None'
    """
    many = any(isinstance(one, OneOrMany) for one in metadata)
    if get_origin(annotation) is Annotated:
        return python_type(get_args(annotation)[0], annotation.__metadata__)
    if get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(python_type(one, metadata) for one in get_args(annotation))
    if get_origin(annotation) is list:
        item = python_type(get_args(annotation)[0])
        return f"{item} | Sequence[{item}]" if many else f"Sequence[{item}]"
    if get_origin(annotation) is Literal:
        return f"Literal[{', '.join(_quoted(one) for one in get_args(annotation))}]"
    return "None" if annotation in (None, types.NoneType) else str(annotation.__name__)


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'


if __name__ == "__main__":
    FILE.write_text(keywords(), encoding="utf-8")
