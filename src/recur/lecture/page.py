"""The lecture as one self-contained page: text, networks, cells and figures in one file that loads nothing."""

from __future__ import annotations

import html
import json
import random
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from recur.equations import Equation, diagram
from recur.errors import ConfigError, did_you_mean
from recur.lecture import cells, tasks
from recur.lecture.formulas import formatted
from recur.views import colours, grades

_HERE = Path(__file__).parent
_VIEWS = _HERE.parent / "views" / "page"
_FIGURES = (
    "loop", "matching", "memory", "equation", "words", "reach", "attention", "tasks", "stacks", "trace", "anatomy",
    "vanishing", "through_time", "typed_graph", "typed", "cell_parts", "cell_places", "cell_routing", "cell_drawing",
    "interpreted", "own",
)  # fmt: skip
# the browser refuses to load anything
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<a class="skip" href="#{first}">{skip}</a>
<header class="top">
<h1>{title}</h1>
<p class="lead">{lead}</p>
<noscript><p>{script_note}</p></noscript>
<nav aria-label="{contents}"><details><summary>{contents}</summary><ol>
{links}
</ol></details></nav>
</header>
<main>
{chapters}
</main>
<footer><p>{end}</p></footer>
<div id="tip" role="tooltip"></div>
<script>
{script}
</script>
</body>
</html>
"""


def languages() -> list[str]:
    """The languages in which there is a lecture, English first."""
    found = sorted(path.stem for path in (_HERE / "text").glob("*.toml"))
    return sorted(found, key=lambda one: one != "en")


@cache
def text(language: str) -> dict[str, Any]:
    """The text of the lecture in one language.

    Raises
    ------
    ConfigError
        If there is none.
    """
    if language not in languages():
        raise ConfigError(
            f'the lecture is not written in "{language}".{did_you_mean(language, languages())}',
            hint=f"--language {' or '.join(languages())}",
        )
    return tomllib.loads((_HERE / "text" / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def networks() -> dict[str, Any]:
    """The trained networks, by name."""
    found: dict[str, Any] = json.loads((_HERE / "networks.json").read_text(encoding="utf-8"))
    return found


def page(language: str = "en", more: Iterable[Equation] = ()) -> str:
    """The lecture as HTML.

    Parameters
    ----------
    language : str
        "en" or "ko".
    more : iterable of Equation
        Equations that the last chapter offers beside those of the library.

    Returns
    -------
    str
        HTML; the figures run in it, and it loads nothing.
    """
    more = list(more)
    for one in more:
        if not cells.runs(one):
            raise ConfigError(
                f'the page cannot run "{one.name}": its parameters have sizes other than those of input and state',
                hint="an equation whose sizes are multiples of X and H",
            )
    words = text(language)
    chapters = words["chapters"]
    return _PAGE.format(
        language=language, policy=POLICY, title=html.escape(words["title"]), style=_style(),
        skip=html.escape(words["skip"]), first=chapters[0]["id"],
        lead=formatted(words["lead"]), script_note=html.escape(words["script"]),
        contents=html.escape(words["contents"]), end=formatted(words["end"]), script=script(language, more),
        links="\n".join(f'<li><a href="#{one["id"]}">{html.escape(one["title"])}</a></li>' for one in chapters),
        chapters="\n".join(_chapter(n, one, words) for n, one in enumerate(chapters, 1)),
    )  # fmt: skip


def script(language: str, more: Iterable[Equation] = ()) -> str:
    """The script of the page: the cells from their graphs, the networks, and the figures."""
    figures = {
        one["id"]: {name: formatted(said) if "$" in said else said for name, said in one["words"].items()}
        for one in text(language)["chapters"]
    }
    parts = [
        *((_VIEWS / f"{name}.js").read_text(encoding="utf-8") for name in ("tools", "range")), computing(more),
        f"const TEXTS = {_inline(figures)};\nconst FIGURES = {{}};",
        *(_read(name) for name in ("widgets", *_FIGURES, "start")),
    ]  # fmt: skip
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "\n})();"


def computing(more: Iterable[Equation] = ()) -> str:
    """What computes, without the page: the cells, the networks and their passes."""
    given = f"const NETWORKS = {_inline(networks())};\nconst TASKS = {_inline(_tasks())};"
    return "\n".join(
        [grades.script(), cells.functions(), f"const CELLS = {cells.cells(more)};", given, _read("network")]
    )


def _tasks() -> dict[str, Any]:
    return {
        "near": tasks.NEAR, "countries": tasks.COUNTRIES, "fillers": tasks.FILLERS, "pixels": tasks.PIXELS,
        "unseen": tasks.UNSEEN_NUMBERS, "english": [tasks.in_english(n) for n in range(100)],
        "french": [tasks.in_french(n) for n in range(100)],
        "german": [tasks.in_german(n) for n in range(100)],
        "nouns": tasks.NOUNS, "between": tasks.BETWEEN, "living": tasks.LIVING, "broken": tasks.BROKEN,
        "quoted": [tasks.quoted(random.Random(n)) for n in tasks.QUOTED],
    }  # fmt: skip


def _read(name: str) -> str:
    """A file of figures without its comments: they are for those who change it, and a tenth of its size."""
    return re.sub(r"(?m)^ *// .*\n", "", (_HERE / "figures" / f"{name}.js").read_text(encoding="utf-8"))


def _style() -> str:
    return diagram.STYLE + colours.paths_style() + (_HERE / "figures" / "lecture.css").read_text(encoding="utf-8")


def _chapter(number: int, one: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    name = html.escape(one["id"])
    paragraphs = "".join(f"<p>{formatted(each)}</p>" for each in one["text"])
    options = "".join(
        f'<button type="button" aria-pressed="false"{" data-right" * (n == one["right"])}>{formatted(option)}</button>'
        for n, option in enumerate(one["options"])
    )
    place = html.escape(words["chapter"].format(n=number))
    return f"""<section class="chapter" id="{name}" aria-labelledby="{name}-title">
<header><p>{place}</p><h2 id="{name}-title">{formatted(one["title"])}</h2></header>
<div class="text">{paragraphs}</div>
<figure class="figure"><div data-figure="{name}"></div><figcaption>{formatted(one["caption"])}</figcaption></figure>
<div class="ask"><p>{formatted(one["ask"])}</p><div class="options" role="group">{options}</div>
<div class="answer" role="status" hidden>{formatted(one["answer"])}</div></div>
<div class="own"><h3>{html.escape(words["own"])}</h3><p>{formatted(one["own_text"])}</p>
<pre tabindex="0"><code>{_lines(one["own"])}</code></pre></div>
</section>"""


def _lines(code: str) -> str:
    """Lines of code, each of which is broken for itself where the page is narrow, and never within an option."""
    lines = [re.sub(r"(?<=\s)(--[\w-]+)", r"<b>\1</b>", html.escape(line)) for line in code.strip().splitlines()]
    return "".join(f"<span>{line}\n</span>" for line in lines)


def _inline(value: Any) -> str:
    """Return JSON that is safe within a script element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
