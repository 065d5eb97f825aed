"""Whether the lines of a file are the rows of a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.config import DataConfig
from recur.data.read import guess_format, read
from tests.data.reading import written

PLAIN = DataConfig()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("iris.data", "5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n6.3,3.3,Iris-virginica\n", "csv"),
        ("power.txt", "Date;Time;kW\n16/12/2006;17:24:00;4.2\n16/12/2006;17:25:00;?\n16/12/2006;17:26:00;4.1\n", "csv"),
        ("housing.data", " 0.006  18.00  2.310\n 0.027   0.00  7.070\n 0.032   0.00  2.180\n", "csv"),
        ("agaricus.data", "p,x,s,n\ne,x,s,y\ne,b,s,w\np,x,y,w\n", "csv"),
        ("sunspots.txt", "5.0\n11.0\n16.0\n23.0\n", "csv"),
        ("table", "a|b\n1|2\n3|4\n5|6\n", "csv"),
        ("novel.txt", "Yes, he said.\nNo, she said.\nWell, they said.\nThen, we said.\n", "text"),
        ("verse.txt", "Roses are red;\nViolets are blue;\nSugar is sweet;\nAnd so are you;\n", "text"),
        ("years.txt", "In 1805 he went.\nIn 1806 he came.\nIn 1807 he slept.\n", "text"),
    ],
)
def test_the_lines_say_whether_a_file_is_a_table(name: str, content: str, kind: str, tmp_path: Path) -> None:
    assert guess_format(written(tmp_path / name, content)) == kind


def test_a_mark_at_the_end_of_every_line_is_no_column_of_names(tmp_path: Path) -> None:
    text = "ID;STAMP; T;eor\n" + "".join(f"  44;20210101{k:02d}; {k}.5;eor\n" for k in range(9))
    assert read(written(tmp_path / "produkt.txt", text), PLAIN).columns[:2] == ["ID", "STAMP"]
    path = written(tmp_path / "raw.txt", "".join(f"33,walk,{k}.5,{k}.25;\n" for k in range(9)))
    assert len(read(path, PLAIN).columns) == 4
