"""An export replaces the files of an export, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.errors import WriteError
from recur.export import export_model, export_nam, export_rtneural
from recur.export.web import export_web
from recur.modes.synced import Synced
from tests.export.test_scales import column
from tests.export.web.networks import config


@pytest.mark.parametrize(
    ("export", "name"),
    [(export_rtneural, "m.json"), (export_nam, "m.nam"), (export_model, "m.onnx"), (export_web, "m.html")],
)
def test_a_file_of_another_program_stays_and_one_of_an_export_is_replaced(
    export: object, name: str, tmp_path: Path
) -> None:
    if name == "m.onnx":
        pytest.importorskip("onnxruntime")
    assert callable(export)
    mode, file = Synced(column(0, 1), column(0, 1), config(cell="lstm")), tmp_path / name
    file.write_text('{"precious": "data"}')
    with pytest.raises(WriteError, match="was not written by an export"):
        export(mode, file)
    assert file.read_text() == '{"precious": "data"}'
    file.write_text("")
    export(mode, file)
    export(mode, file)
    assert file.stat().st_size > 100
    link = tmp_path / f"link{file.suffix}"
    link.symlink_to(file)
    with pytest.raises(WriteError, match="it is a link"):
        export(mode, link)
