"""Small files in the shapes of well-known public data, written where a test wants them."""

from __future__ import annotations

import csv
import io
import json
import wave
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.midi import write_midi
from tests.data.reading import written
from tests.pictures import noise

WORDS = [
    "the", "a", "small", "film", "story", "actor", "plot", "music", "scene", "ending", "dull", "fine", "great",
    "boring", "lovely", "slow", "quick", "warm", "cold",
]  # fmt: skip


def random(seed: int) -> np.random.Generator:
    """A generator of numbers that are the same every time."""
    return np.random.default_rng(seed)


def sentence(seed: int, length: int = 8) -> str:
    """Some words."""
    return " ".join(random(seed).choice(WORDS, length))


def table(path: Path, header: Sequence[str] | None, rows: Iterable[Sequence[Any]], **form: Any) -> Path:
    """Write a delimited file as the csv module does."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", **form)
    if header is not None:
        writer.writerow(header)
    writer.writerows(rows)
    return written(path, text.getvalue())


def bank_marketing(folder: Path) -> Path:
    """Semicolons, quoted texts, the target y (UCI Bank Marketing)."""
    draw = random(1)
    header = ["age", "job", "marital", "balance", "day", "month", "duration", "pdays", "y"]
    rows = [
        [int(draw.integers(18, 90)), str(draw.choice(["admin.", "technician", "services"])),
         str(draw.choice(["married", "single"])), int(draw.integers(-200, 4000)), int(draw.integers(1, 31)),
         str(draw.choice(["may", "jun", "jul"])), int(draw.integers(5, 900)), -1, str(draw.choice(["yes", "no"]))]
        for _ in range(60)
    ]  # fmt: skip
    return table(folder / "bank.csv", header, rows, delimiter=";", quoting=csv.QUOTE_NONNUMERIC)


def weather_station(folder: Path) -> Path:
    """Title rows and semicolons, decimal commas (a national weather service)."""
    lines = ["Station 01067 Nordholz;;", ";;", "Datum;Temperatur;Niederschlag"]
    for place in range(80):
        temperature = f"{5 + np.sin(place) * 3:.1f}".replace(".", ",")
        lines.append(f"{1 + place // 4:02d}.01.2023 {place % 4 * 6:02d}:00;{temperature};{place % 3},0")
    return written(folder / "station.csv", "\n".join(lines) + "\n")


def air_quality(folder: Path) -> Path:
    """Dates, times and decimal commas, two empty columns at the end (UCI Air Quality)."""
    lines = ["Date;Time;CO(GT);NOx(GT);T;;"]
    for place in range(72):
        cells = (
            f"{value:.1f}".replace(".", ",") for value in (2 + np.sin(place / 4), 100.5 + place % 24, 13 + place % 7)
        )
        lines.append(f"{12 + place // 24:02d}/03/2004;{place % 24:02d}.00.00;{';'.join(cells)};;")
    return written(folder / "AirQualityUCI.csv", "\n".join(lines) + "\n")


def shop_sales(folder: Path) -> Path:
    """One row for each store and day."""
    start = datetime(2023, 1, 1)
    rows = [
        [f"{start + timedelta(days=day):%Y-%m-%d}", store, 20 + 5 * store + day % 7]
        for day in range(40) for store in (1, 2, 3)
    ]  # fmt: skip
    return table(folder / "sales.csv", ["date", "store", "sales"], rows)


def web_log(folder: Path) -> Path:
    """One line of text for each request, without quotation marks that close (a web server)."""
    lines = [
        f'10.0.0.{place % 9} - - [10/Oct/2000:13:55:{place:02d} -0700] "GET /page{place % 5} HTTP/1.0" 200 {place * 7}'
        for place in range(60)
    ]
    return written(folder / "access.log", "\n".join(lines) + "\n")


def survey(folder: Path) -> Path:
    """Answers from 1 to 5, an identifier, and comments (Likert scales)."""
    draw = random(2)
    rows = [
        [f"R_{place:04d}x", *draw.integers(1, 6, 4).tolist(), "" if place % 3 else "fine", int(draw.integers(1, 6))]
        for place in range(60)
    ]
    return table(folder / "survey.csv", ["ResponseId", "Q1", "Q2", "Q3", "Q4", "comment", "satisfaction"], rows)


def iris(folder: Path) -> Path:
    """No header, no usual suffix, an empty line at the end (UCI Iris)."""
    draw = random(3)
    names = ["Iris-setosa", "Iris-versicolor", "Iris-virginica"]
    lines = [
        ",".join([*(f"{value:.1f}" for value in draw.uniform(0.1, 7.9, 4)), names[place // 20]]) for place in range(60)
    ]
    return written(folder / "iris.data", "\n".join(lines) + "\n\n")


def wine(folder: Path) -> Path:
    """The class first, then numbers (UCI Wine)."""
    draw = random(4)
    lines = [
        ",".join([str(1 + place % 3), *(f"{value:.2f}" for value in draw.uniform(1, 15, 5))]) for place in range(60)
    ]
    return written(folder / "wine.data", "\n".join(lines) + "\n")


def titanic(folder: Path) -> Path:
    """Identifiers, names in quotes, labels beside numbers (Kaggle Titanic)."""
    draw = random(5)
    header = ["PassengerId", "Survived", "Pclass", "Name", "Sex", "Age", "Ticket", "Fare", "Embarked"]
    rows = [
        [place + 1, int(draw.integers(0, 2)), int(draw.integers(1, 4)), f"Braund, Mr. Owen {sentence(place, 2)}",
         str(draw.choice(["male", "female"])), int(draw.integers(1, 80)), f"A/5 {place * 37}",
         f"{draw.uniform(5, 90):.4f}", str(draw.choice(["S", "C", "Q"]))]
        for place in range(60)
    ]  # fmt: skip
    return table(folder / "titanic.csv", header, rows)


def sms_spam(folder: Path) -> Path:
    """v1, v2 and three columns without a name (Kaggle SMS Spam)."""
    lines = ["v1,v2,,,"]
    lines += [f'{"spam" if place % 4 == 0 else "ham"},"{sentence(place)}, you see",,,' for place in range(60)]
    return written(folder / "spam.csv", "\n".join(lines) + "\n")


def amazon_reviews(folder: Path) -> Path:
    """Two usual targets, a score and a summary (Amazon Fine Food Reviews)."""
    rows = [
        [place + 1, f"B00{place % 7}E4KFG{place % 3}", 1 + place % 5, sentence(place, 3), sentence(place + 100, 20)]
        for place in range(60)
    ]
    return table(folder / "Reviews.csv", ["Id", "ProductId", "Score", "Summary", "Text"], rows)


def imdb_folder(folder: Path) -> Path:
    """train and test with a folder for each class, unlabelled texts, lists of addresses (aclImdb)."""
    for part, classes in (("train", ("pos", "neg", "unsup")), ("test", ("pos", "neg"))):
        for kind, name in enumerate(classes):
            for place in range(10):
                seed = 1000 * (part == "test") + 100 * kind + place
                written(folder / part / name / f"{place}_{place % 10}.txt", sentence(seed, 12))
        written(folder / part / "urls_pos.txt", "http://example.org/1\n")
    written(folder / "imdb.vocab", "the\na\n")
    return folder


def power_consumption(folder: Path) -> Path:
    """A .txt file with semicolons, a date and a clock, a question mark for what is missing (UCI)."""
    lines = ["Date;Time;Global_active_power;Voltage"]
    for place in range(90):
        power = "?" if place == 40 else f"{1.2 + np.sin(place / 5):.3f}"
        lines.append(f"16/12/2006;{17 + place // 60}:{place % 60:02d}:00;{power};{234 + place % 5}.840")
    return written(folder / "power.txt", "\n".join(lines) + "\n")


def m4_wide(folder: Path) -> Path:
    """One series a row, shorter ones filled with empty cells (M4)."""
    rows = []
    for place in range(12):
        length = 18 + place % 3
        rows.append([f"Y{place + 1}", *(100 + place * 10 + step for step in range(length)), *[""] * (20 - length)])
    return table(
        folder / "Yearly-train.csv", ["V1", *(f"V{step + 2}" for step in range(20))], rows, quoting=csv.QUOTE_ALL
    )


def m4_long(folder: Path) -> Path:
    """One row for each series and time: unique_id, ds, y (M4 in the long form)."""
    start = datetime(2020, 1, 1)
    rows = [
        [name, f"{start + timedelta(days=day):%Y-%m-%d}", f"{10 * place + day % 7}.5"]
        for place, name in enumerate(("D1", "D2", "D3")) for day in range(40)
    ]  # fmt: skip
    return table(folder / "m4_daily.csv", ["unique_id", "ds", "y"], rows)


def exchange_rates(folder: Path) -> Path:
    """Newest first, a column of codes that never varies (a central bank)."""
    start = datetime(2023, 6, 30)
    rows = [
        [f"{start - timedelta(days=day):%Y-%m-%d}", "EUR", f"{1.05 + 0.02 * np.sin(day / 9):.4f}"] for day in range(90)
    ]
    return table(folder / "eurofxref.csv", ["Date", "Currency", "USD"], rows)


def energy_with_dst(folder: Path) -> Path:
    """Hours with their offset from UTC over the change to summer time (a transmission system operator)."""
    first = datetime(2023, 3, 24, tzinfo=UTC)
    rows = []
    for hour in range(96):
        moment = first + timedelta(hours=hour)
        offset = 2 if moment >= datetime(2023, 3, 26, 1, tzinfo=UTC) else 1
        local = moment.astimezone(timezone(timedelta(hours=offset)))
        rows.append([local.isoformat(), 40000 + 5000 * (hour % 24)])
    return table(folder / "load.csv", ["utc_timestamp", "load"], rows)


def tweets(folder: Path) -> Path:
    """JSON lines with objects in them."""
    lines = [
        json.dumps({"id": 1000 + 7 * place, "text": sentence(place), "user": {"name": "a", "followers": place},
                    "lang": "en", "sentiment": ["positive", "negative"][place % 2]})
        for place in range(60)
    ]  # fmt: skip
    return written(folder / "tweets.jsonl", "\n".join(lines) + "\n")


def conll_2003(folder: Path) -> Path:
    """Word, part of speech, chunk and entity, with the marks of documents (CoNLL-2003)."""
    lines = ["-DOCSTART- -X- -X- O", ""]
    for place in range(30):
        lines += [f"Peter{place} NNP B-NP B-PER", "visits VBZ B-VP O", "Bonn NNP B-NP B-LOC", ". . O O", ""]
    return written(folder / "eng.train", "\n".join(lines) + "\n")


def universal_dependencies(folder: Path) -> Path:
    """Ten columns and comments (CoNLL-U)."""
    lines = []
    for place in range(30):
        lines += [f"# sent_id = {place}", "# text = Dogs bark"]
        lines += [
            f"1\tDogs{place}\tdog\tNOUN\tNNS\t_\t2\tnsubj\t_\t_",
            "2\tbark\tbark\tVERB\tVBP\t_\t0\troot\t_\t_",
            "",
        ]
    return written(folder / "en-ud-train.conllu", "\n".join(lines) + "\n")


def parallel_corpus(folder: Path) -> Path:
    """A file for each language and part, line by line (Multi30k)."""
    for part, count in (("train", 40), ("val", 6)):
        written(folder / f"{part}.en", "".join(f"the house {place}\n" for place in range(count)))
        written(folder / f"{part}.de", "".join(f"das Haus {place}\n" for place in range(count)))
    return folder


def midi_collection(folder: Path) -> Path:
    """Pieces, and what lies beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(8):
        write_midi(folder / f"tune{place}.mid", np.array([[0, 2, 60 + place], [2, 4, 64 + place], [4, 8, 67]]), 4)
    written(folder / "LICENSE", "free\n")
    return folder


def sounds_of_two_kinds(folder: Path) -> Path:
    """Six sounds that are read and six that are not."""
    for place in range(6):
        for suffix in ("wav", "mp3"):
            path = folder / f"{'dog' if place % 2 else 'cat'}_{place}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(8000)
                file.writeframes(random(place).integers(-9000, 9000, 800).astype("<i2").tobytes())
    return folder


def faces(folder: Path) -> Path:
    """Pixels in one cell (FER2013)."""
    rows = [[place % 3, " ".join(map(str, noise(4, 4, seed=place).ravel())), "Training"] for place in range(60)]
    return table(folder / "fer2013.csv", ["emotion", "pixels", "Usage"], rows)


def used_cars(folder: Path) -> Path:
    """An index that pandas wrote, a year that is a feature."""
    draw = random(6)
    rows = [
        [place, int(draw.integers(1998, 2021)), int(draw.integers(1000, 200000)), int(draw.integers(900, 30000))]
        for place in range(60)
    ]
    return table(folder / "cars.csv", ["", "year", "km", "price"], rows)


def chinese_text(folder: Path) -> Path:
    """A text without spaces."""
    return written(folder / "zh.txt", "".join(f"我爱北京天安门{place}。\n今天天气很好。\n" for place in range(20)))


SHAPES: dict[str, Callable[[Path], Path]] = {
    made.__name__.replace("_", " "): made
    for made in (
        bank_marketing, weather_station, air_quality, shop_sales, web_log, survey, iris, wine, titanic, sms_spam,
        amazon_reviews, imdb_folder, power_consumption, m4_wide, m4_long, exchange_rates, energy_with_dst, tweets,
        conll_2003, universal_dependencies, parallel_corpus, midi_collection, sounds_of_two_kinds, faces, used_cars,
        chinese_text,
    )
}  # fmt: skip
