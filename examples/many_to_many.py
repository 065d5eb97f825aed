"""Many to many: a sequence is read to its end, then another one of any length is generated.

A date in words becomes a date in digits. An encoder reads; a decoder generates, with attention to the encoder.
"""

import random

import recur

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
FORMS = ("{month} {day} , {year}", "the {day} of {month} {year}", "{day} {month} {year}", "{year} , on {month} {day}")


def rows() -> list[dict[str, str]]:
    """Dates of forty years, each in one of four forms: ``{"words": "March 4 , 1998", "digits": "1998-03-04"}``."""
    draw, found = random.Random(0), []
    for year in range(1980, 2020):
        for month, days in enumerate(DAYS):
            for day in draw.sample(range(1, days + 1), 4):
                words = draw.choice(FORMS).format(day=day, month=MONTHS[month], year=year)
                found.append({"words": words, "digits": f"{year}-{month + 1:02d}-{day:02d}"})
    draw.shuffle(found)
    return found


def main() -> float:
    """Learn from 1,500 dates; return the share of the others that is right to the last digit."""
    dates = rows()
    learned, others = dates[:1500], dates[1500:]
    model = recur.fit(
        learned, "many-to-many", input="words", target="digits", input_codec="words", target_codec="characters",
        cell="gru", hidden_size=48, attention="luong", epochs=6, lr=1e-2, progress=False,
    )  # fmt: skip
    answers = model.predict([row["words"] for row in others])
    for row, answer in list(zip(others, answers, strict=True))[:4]:
        print(f"{row['words']}  ->  {answer.value}")
    right = sum(answer.value == row["digits"] for row, answer in zip(others, answers, strict=True)) / len(others)
    print(f"right on {right:.1%} of {len(others)} new dates")
    return right


if __name__ == "__main__":
    main()
