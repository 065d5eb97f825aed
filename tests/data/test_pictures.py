"""Pictures, videos and arrays as rows: folders of classes, tables of paths, what is damaged."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur import codecs, modes
from recur.config import Config, DataConfig
from recur.data import Dataset, check, fit_codecs, infer, inputs, load, read
from recur.data.folder import split_files
from recur.errors import ConfigError, DamagedError, DataError
from tests.pictures import noise, square, write_picture, write_video

from .reading import refused, written


def config(source: Path, mode: str | None = None, **data: Any) -> Config:
    return Config.of(source=str(source), **data, mode=mode)


def classes(folder: Path, count: int = 6) -> Path:
    """Pictures of squares, a folder for each of two corners."""
    for place in range(2 * count):
        write_picture(folder / f"corner{place % 2}" / f"{place}.png", square(place % 2 + 4 * place))
    return folder


def table(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def captions(folder: Path, count: int = 12) -> Path:
    """A table with two captions of each picture."""
    rows = []
    for place in range(count):
        write_picture(folder / "shown" / f"{place}.png", square(place))
        side = "left" if place % 2 == 0 else "right"
        rows += [
            {"image": f"shown/{place}.png", "caption": f"a square is {words} {side} ."} for words in ("on the", "at")
        ]
    return table(folder / "captions.csv", rows)


# ---- what is inferred ----


def test_a_folder_of_classes_needs_no_word(tmp_path: Path) -> None:
    dataset = load(config(classes(tmp_path)))
    assert dataset.roles.sentence == "images, label -> one-to-one, images -> class"
    example = dataset.train[0]
    assert Path(example.input).is_file()
    assert example.target == Path(example.input).parent.name
    assert example.where.endswith(".png")


def test_rows_and_pixels_of_pictures_are_sequences(tmp_path: Path) -> None:
    for steps in ("rows", "pixels"):
        assert load(config(classes(tmp_path), image_steps=steps)).roles.mode == "many-to-one"


def test_a_mode_that_does_not_fit_says_which_option_would(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="many-to-one reads a sequence, and a picture is one value") as caught:
        load(config(classes(tmp_path), "many-to-one"))
    assert caught.value.hint == "--image-steps rows, or leave out --mode"
    with pytest.raises(ConfigError, match="one-to-one reads one value, and a picture by its rows is a sequence"):
        load(config(tmp_path, "one-to-one", image_steps="rows"))


def test_a_column_of_paths_begins_at_its_table(tmp_path: Path) -> None:
    dataset = load(config(captions(tmp_path)))
    assert dataset.roles.sentence == "image, caption -> one-to-many, images -> words"
    assert Path(dataset.train[0].input).is_file()
    # all captions of a picture are on one side
    parts = [{part[place].input for place in range(len(part))} for part in (dataset.train, dataset.dev)]
    assert not parts[0] & parts[1]
    assert sum(map(len, parts)) == 12


def test_names_of_files_that_are_not_there_stay_text(tmp_path: Path) -> None:
    rows = [{"file": f"{place}.png", "text": "a long text of words", "label": place % 2} for place in range(20)]
    path = table(tmp_path / "rows.csv", rows)
    assert infer(read(path, DataConfig()), config(path)).input == ["text"]


def test_a_picture_is_never_the_target(tmp_path: Path) -> None:
    path = captions(tmp_path)
    rows = [{"caption": row["caption"], "image": row["image"]} for row in read(path, DataConfig())]
    turned = table(tmp_path / "turned.csv", rows)
    assert infer(read(turned, DataConfig()), config(turned)).input == ["image"]
    with pytest.raises(ConfigError, match="read, not written"):
        load(config(path, input=["caption"], target=["image"]))
    alone = table(tmp_path / "alone.csv", [{"image": row["image"]} for row in rows])
    with pytest.raises(ConfigError, match="--target COLUMN|no column left"):
        load(config(alone))


def test_grouped_pictures_are_the_frames_of_sequences(tmp_path: Path) -> None:
    rows = []
    for place in range(24):
        write_picture(tmp_path / f"{place}.png", square(place))
        rows.append({"video": place // 4, "frame": f"{place}.png", "phase": ("rest", "move")[place % 2]})
    path = table(tmp_path / "frames.csv", rows)
    dataset = load(config(path, group="video"))
    assert dataset.roles.sentence == "frame, phase -> synced, frames -> tags"
    assert [Path(each).is_file() for each in dataset.train[0].input] == [True] * 4


def test_videos_by_class_are_files_or_folders_of_pictures(tmp_path: Path) -> None:
    for place in range(4):
        write_video(tmp_path / "files" / f"class{place % 2}" / f"{place}.mkv", list(noise(3, 16, 16, 3, seed=place)))
        for step in range(3):
            folder = tmp_path / "folders" / f"class{place % 2}" / f"clip{place}"
            write_picture(folder / f"{step}.png", square(step + place))
    for name in ("files", "folders"):
        dataset = load(config(tmp_path / name))
        assert dataset.roles.sentence == "frames, label -> many-to-one, frames -> class"
        assert Path(dataset.train[0].input).exists()


def test_folders_train_and_test_are_a_split(tmp_path: Path) -> None:
    for part in ("train", "test", "val"):
        classes(tmp_path / part, 4)
    parts = split_files(tmp_path)
    assert parts is not None
    assert [path and path.name for path in parts] == ["train", "val", "test"]
    dataset = load(config(tmp_path))
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.dev), len(dataset.test)) == (8, 8, 8)


def test_one_class_is_refused(tmp_path: Path) -> None:
    write_picture(tmp_path / "only" / "1.png", square(1))
    assert "has one class only (only)" in refused(lambda: read(tmp_path, DataConfig())).message


def test_pictures_in_memory_are_pictures() -> None:
    rows = [{"image": noise(4, 4, 3, seed=place), "label": "ab"[place % 2]} for place in range(20)]
    assert infer(read(rows, DataConfig()), Config()).sentence == "image, label -> one-to-one, images -> class"


# ---- arrays ----


def test_features_computed_beforehand_are_numbers(tmp_path: Path) -> None:
    rows = []
    for place in range(20):
        np.save(tmp_path / f"{place}.npy", np.random.default_rng(place).normal(size=7))
        rows.append({"features": f"{place}.npy", "label": "ab"[place % 2]})
    dataset = load(config(table(tmp_path / "rows.csv", rows)))
    assert dataset.roles.sentence == "features, label -> one-to-one, numbers -> class"
    assert dataset.train[0].input.shape == (7,)
    for place in range(20):
        np.save(tmp_path / f"{place}.npy", np.zeros((3 + place, 2)))
    assert load(config(tmp_path / "rows.csv")).roles.mode == "many-to-one"


def test_an_array_alone_is_a_table_of_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(40.0).reshape(20, 2))
    found = read(tmp_path / "a.npy", DataConfig())
    assert (len(found), found.columns, found.name) == (20, ["value 1", "value 2"], str(tmp_path / "a.npy"))


def test_arrays_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    cut = written(tmp_path / "cut.npy", b"\x93NUMPY\x01\x00v\x00")
    for path in (tmp_path / "objects.npy", cut, tmp_path / "none.npy"):
        assert str(path) in refused(lambda path=path: read(path, DataConfig())).message
    np.save(tmp_path / "deep.npy", np.zeros((2, 2, 2)))
    rows = [{"x": "deep.npy", "label": "ab"[place % 2]} for place in range(20)]
    with pytest.raises(DataError, match="expected numbers"):
        load(config(table(tmp_path / "rows.csv", rows)))


# ---- damaged files ----


def damaged(folder: Path) -> Path:
    classes(folder)
    (folder / "corner0" / "bad.png").write_bytes(b"no picture")
    return folder


def test_a_damaged_picture_is_refused_with_its_row(tmp_path: Path) -> None:
    # whichever side it is on, it is named
    dataset = load(config(damaged(tmp_path)))
    everything = Dataset(dataset.roles, [*dataset.train, *dataset.dev], [], None, "")
    with pytest.raises(DataError, match=r"corner0/bad.png.* is damaged or not a picture"):
        fit_codecs(config(tmp_path), dataset.roles, everything.train)


def test_damaged_pictures_are_left_out_and_counted(tmp_path: Path) -> None:
    settings = config(damaged(tmp_path), damaged="skip")
    dataset = load(settings)
    assert len(dataset.train) + len(dataset.dev) == 12
    (said,) = dataset.damaged
    assert said.startswith("corner0/bad.png: ")
    report = check(settings)
    assert report.damaged == dataset.damaged
    assert "damaged   1 row is left out:\n          corner0/bad.png: " in str(report)


def test_a_part_with_nothing_whole_is_refused(tmp_path: Path) -> None:
    classes(tmp_path / "train", 3)
    for name in ("corner0", "corner1"):
        written(tmp_path / "test" / name / "bad.png", b"no picture")
    with pytest.raises(DataError, match="every file of the test rows is damaged"):
        load(config(tmp_path, damaged="skip"))


def test_damaged_features_are_left_out_too(tmp_path: Path) -> None:
    rows = []
    for place in range(20):
        np.save(tmp_path / f"{place}.npy", np.random.default_rng(place).normal(size=7))
        rows.append({"features": f"{place}.npy", "label": "ab"[place % 2]})
    written(tmp_path / "7.npy", b"no array")
    path = table(tmp_path / "rows.csv", rows)
    (said,) = load(config(path, damaged="skip")).damaged
    assert said.startswith("rows.csv:9: ")


def test_inputs_of_a_table_are_paths(tmp_path: Path) -> None:
    path = captions(tmp_path)
    settings = config(path)
    roles = load(settings).roles
    assert all(Path(each).is_file() for each in inputs(path, roles, settings))


def test_check_counts_the_parameters_of_the_network(tmp_path: Path) -> None:
    for source, mode, options in (
        (classes(tmp_path / "classes"), None, {}),
        (classes(tmp_path / "classes"), None, {"picture_pooling": "mean", "convolutions": [4, 8, 8]}),
        (captions(tmp_path), None, {"picture_pooling": "mean"}),
    ):
        settings = Config.of(source=str(source), mode=mode, hidden_size=16, **options)
        dataset = load(settings)
        network = modes.build(
            dataset.roles.mode, *fit_codecs(settings, dataset.roles, dataset.train, dataset.labelled), settings.model
        )
        counted = sum(p.numel() for p in network.parameters())
        assert check(settings).estimate.parameters == pytest.approx(counted, rel=0.1)


def test_a_missing_picture_of_a_table_is_named(tmp_path: Path) -> None:
    path = captions(tmp_path)
    (tmp_path / "shown" / "3.png").unlink()
    settings = config(path)
    dataset = load(settings)
    pictures = [example.input for example in [*dataset.train, *dataset.dev]]
    with pytest.raises(DamagedError, match="3.png is missing"):
        codecs.make("images").fit(pictures)
    assert len(load(config(path, damaged="skip")).damaged) == 2
