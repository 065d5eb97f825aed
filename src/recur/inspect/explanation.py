"""``Explanation``: one answer explained, as plain data from which all pictures are drawn, and as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recur.atomic import write_text
from recur.errors import ConfigError
from recur.markup import escaped, table
from recur.views.picture import explained_figure, picture
from recur.views.report import report

ITEMS = 40  # the last ones, in the table of a notebook


@dataclass(frozen=True)
class Explanation:
    """Why a network answered as it did.

    Attributes
    ----------
    data : dict
        Plain data: ``model``, ``input``, ``question``, ``influence``, ``flow``, ``states``, ``surprise``,
        ``alignment``, ``unrolled``, ``units``, ``match``; parts that were not requested, or do not exist for this
        network, are None.
    """

    data: dict[str, Any]

    def json(self) -> str:
        """The data as one line of JSON."""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    def html(self) -> str:
        """The pictures as one HTML page, which loads nothing from anywhere."""
        return report([self.data])

    def figure(self) -> Any:
        """The pictures as a matplotlib figure.

        Raises
        ------
        ConfigError
            When matplotlib is not installed.
        """
        return explained_figure([self.data])

    def save(self, path: Path | str) -> Path:
        """Write the explanation as ``.html``, ``.png`` or ``.json``; return the path.

        Raises
        ------
        ConfigError
            When the name has another suffix, or a picture requires matplotlib and it is not installed.
        """
        target = Path(path)
        kind = target.suffix.lower()
        if kind == ".png":
            picture([self.data], target)
        elif kind in {".html", ".json"}:
            write_text(target, self.html() if kind == ".html" else self.json())
        else:
            raise ConfigError(
                f"{target} has the ending {kind or 'of no kind'}, expected .html, .png or .json",
                hint=f"explanation.save({str(target.with_suffix('.html'))!r})",
            )
        return target

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer, its candidates, and what each item contributes to it."""
        question, influence = self.data["question"], self.data["influence"]
        options = [(one["label"], f"{one['probability']:.1%}") for one in question["options"] if one["probability"]]
        page = f"<p>{escaped(question['says'])}</p>" + (table(options, ("answer", "probability")) if options else "")
        if not influence or not influence["methods"]:
            return page
        scores = influence["options"][0][influence["against"][0]]["scores"][influence["methods"][0]]
        items = zip(self.data["input"]["items"], scores, strict=False)
        rows = [(item, f"{score:+.2f}") for item, score in items if score is not None][-ITEMS:]
        return page + table(rows, ("item", f"contribution, {influence['unit']}"))

    def __repr__(self) -> str:
        return f"Explanation({self.data['question']['says']})"
