"""What is never written: places of one machine, work left undone, pickles that are read."""

from __future__ import annotations

import re
from pathlib import Path

from tests.house.tree import MODULES, ROOT, written_files


def test_no_file_names_a_place_of_one_machine_or_leaves_work_undone() -> None:
    places = re.compile(r"(?<![\w.$}/])/(?:work|tmp|home|root|Users|mnt)/\w|\b(?:TODO|FIXME|XXX)\b")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in written_files()
        if path != Path(__file__) and path.suffix in {".py", ".md", ".toml", ".txt", ".cpp", ".h", ""}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if places.search(line)
    ]
    assert not found, "\n".join(found)


def test_nothing_is_read_by_pickle() -> None:
    loads = re.compile(r"\bpickle\.(?:load|dump)|torch\.load\((?!.*weights_only=True)")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in MODULES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if loads.search(line)
    ]
    assert not found, found
