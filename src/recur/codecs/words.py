"""Words: split at spaces if the text is already tokenized, else into words and punctuation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from tokenizers import Encoding, Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

from recur.codecs.bounds import check_characters
from recur.codecs.files import field, strings
from recur.codecs.plain_text import between_spaces, to_text
from recur.codecs.spacing import Spacing
from recur.codecs.tokens import (
    BOS_ID,
    EOS,
    EOS_ID,
    PAD_ID,
    RESERVED,
    UNK,
    UNK_ID,
    TokenCodec,
    ids_of,
    joined_text,
    raw_vocabulary,
    with_reserved,
)
from recur.codecs.traits import IdTraits, TextTraits
from recur.codecs.word_counts import MOST_WORDS, WordCounts
from recur.codecs.word_split import splitter
from recur.config import DataConfig
from recur.errors import RunError

# abbreviations (U.S., e.g.); numbers with their marks (3.14, 1,000); words with inner apostrophes and hyphens
# (don't, well-known); runs of dots and dashes; any other sign alone
_WORD = (
    r"<unk>|<eos>|(?:\p{L}\.){2,}"
    r"|\p{N}+(?:[.,:]\p{N}+)*(?![\p{L}\p{M}\p{N}_])"
    r"|[\p{L}\p{M}\p{N}_]+(?:['\u2019\-][\p{L}\p{M}\p{N}_]+)*"
    r"|\.{2,}|-{2,}|[^\s]"
)
_CONTRACTION = re.compile(r"(.+?)(n['\u2019]t|['\u2019](?:s|m|re|ve|ll|d))", re.IGNORECASE)
_PIECE_OF_WORD = re.compile(r"n['\u2019]t|['\u2019](?:s|m|re|ve|ll|d)", re.IGNORECASE)
_SAMPLE = 5000
_REMEMBERED = 200_000  # words whose ids are remembered: about 20 MB


class _WordIds(dict[str, "int | tuple[int, ...]"]):
    """Words that were looked up -> their ids; forgotten when they are too many."""

    def __init__(self, codec: WordsCodec) -> None:
        super().__init__()
        self._codec = codec

    def __missing__(self, word: str) -> int | tuple[int, ...]:
        if len(self) >= _REMEMBERED:
            self.clear()
        ids = self[word] = self._codec.id_or_parts(word)
        return ids


class WordsCodec(TokenCodec):
    """A text as words.

    How a text is split is decided by `fit` and kept:

    - ``spaces``: at white space, when signs are already separated (``it is n't , he said .``) or ``<unk>`` is
      in the text, and for values that are lists of words. Decoding joins with spaces.
    - ``words``: into words and punctuation; ``don't`` and ``well-known`` stay whole. Decoding puts each sign
      against its neighbours as the training text mostly did.

    A word outside the vocabulary is tried in lower case, then as a contraction (``don't`` is ``do`` and
    ``n't``), then without the signs around it (``France.`` is ``France`` and ``.``); and only otherwise unknown.
    A list of words gives exactly one id per word.

    Parameters
    ----------
    lower : bool
        Lower-case everything.
    min_count : int
        Words seen less often are unknown.
    max_vocab : int, optional
        Largest number of ids, the four reserved ones included; the most frequent are kept.
    newlines : bool
        Whether a line end is the token ``<eos>`` (whole files) or plain white space.
    """

    kind = "words"
    text: ClassVar[TextTraits | None] = TextTraits("word", ends_lines=True)
    ids = IdTraits(PAD_ID, UNK_ID, BOS_ID, EOS_ID, by_frequency=True, next_item=True)

    def __init__(
        self, *, lower: bool = False, min_count: int = 1, max_vocab: int | None = None, newlines: bool = False
    ) -> None:
        super().__init__()
        self.lower = lower
        self.min_count = min_count
        self.max_vocab = max_vocab
        self.newlines = newlines
        self.split = "words"
        self._spacing = Spacing()
        # different words that are counted; None for all
        self._most_counted: int | None = None
        self.count_error = 0

    @classmethod
    def configured(cls, data: DataConfig, **_: Any) -> WordsCodec:
        return cls(
            lower=data.text.lower,
            min_count=data.text.min_count,
            max_vocab=data.text.max_vocab,
            newlines=data.text.documents == "file",
        )

    def fit(self, values: Iterable[Any]) -> WordsCodec:
        """Decide the split from the first values, then count the words of all."""
        stream = iter(values)
        sample = list(islice(stream, _SAMPLE))
        everything = chain(sample, stream)
        listed = bool(sample) and isinstance(sample[0], (list, tuple))
        self.split = "spaces" if listed or _is_split(map(joined_text, sample)) else "words"
        tokenizer = self._build({token: index for index, token in enumerate(RESERVED)})
        words = self._count_listed(everything) if listed else self._count_texts(tokenizer, everything)
        self._take(self._build(with_reserved(words, self.max_vocab, self.kind)))
        if self.split == "words":
            self._spacing = Spacing.learn(map(joined_text, sample), self.tokenizer.pre_tokenizer.pre_tokenize_str)
        return self

    def _build(self, vocabulary: dict[str, int]) -> Tokenizer:
        """Return a tokenizer of this split over a vocabulary."""
        tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNK))
        steps: list[normalizers.Normalizer] = [normalizers.Lowercase()] if self.lower else []
        if self.newlines:
            steps.append(normalizers.Replace("\n", f" {EOS} "))
        if steps:
            tokenizer.normalizer = normalizers.Sequence(steps)
        if self.split == "spaces":
            tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        else:
            tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_WORD), "removed", invert=True)
        return tokenizer

    def _take(self, tokenizer: Tokenizer) -> None:
        self._adopt(tokenizer, raw_vocabulary(tokenizer))
        self._words_of = splitter(self.split, newlines=self.newlines, lower=self.lower)
        self._ids_of_words = _WordIds(self)

    def _count_texts(self, tokenizer: Tokenizer, texts: Iterable[Any]) -> list[str]:
        """Return the words of the texts by falling frequency, then by spelling."""
        if self._most_counted is not None:
            return self._count_bounded(tokenizer, texts, self._most_counted)
        trainer = trainers.WordLevelTrainer(
            vocab_size=2**31, min_frequency=self.min_count, special_tokens=[], show_progress=False
        )
        tokenizer.train_from_iterator(map(joined_text, texts), trainer)
        return raw_vocabulary(tokenizer)

    def in_bounded_memory(self) -> WordsCodec:
        """Count at most a million different words; rarer ones are counted with an error, which `describe` says."""
        self._most_counted = MOST_WORDS
        return self

    def _count_bounded(self, tokenizer: Tokenizer, texts: Iterable[Any], most: int) -> list[str]:
        """Return the words of the texts as `_count_texts` does, of at most so many different ones."""
        counts = WordCounts(most)
        words_of = splitter(self.split, newlines=self.newlines, lower=self.lower)
        normalize = tokenizer.normalizer.normalize_str if tokenizer.normalizer is not None else None
        split = tokenizer.pre_tokenizer.pre_tokenize_str
        for text in map(joined_text, texts):
            words = words_of(text)
            if words is None:
                words = [word for word, _ in split(text if normalize is None else normalize(text))]
            elif self.lower:
                words = [word.lower() for word in words]
            counts.add(words)
        self.count_error = counts.error
        return counts.ranked(self.min_count)

    def _count_listed(self, values: Iterable[Any]) -> list[str]:
        """Return the items of the lists by falling frequency, then by spelling."""
        if self._most_counted is not None:
            bounded = WordCounts(self._most_counted)
            for value in values:
                bounded.add(self._items(value))
            self.count_error = bounded.error
            return bounded.ranked(self.min_count)
        counts: Counter[str] = Counter()
        for value in values:
            counts.update(self._items(value))
        return sorted((w for w, n in counts.items() if n >= self.min_count), key=lambda w: (-counts[w], w))

    def _items(self, value: Any) -> list[str]:
        """Return the words of a list (of a text: at spaces), in lower case if ``lower`` is set."""
        listed = isinstance(value, (list, tuple))
        items = [to_text(item) for item in value] if listed else to_text(value).split()
        if self.lower:
            lowercase = normalizers.Lowercase()
            return [lowercase.normalize_str(item) for item in items]
        return items

    def is_whole_value(self, item: Any, *, alone: bool, labelled: bool) -> bool:
        del alone
        return between_spaces(item, labelled)

    def pretokenized(self, value: Any) -> Any:
        """Return the words between spaces: a list of words is not split any further."""
        return value.split() if isinstance(value, str) else value

    def encode(self, value: Any) -> np.ndarray:
        """Return one id per word, (T,) int64. ``value``: a text, or a list of words."""
        return self.encode_many([value])[0]

    def encode_many(self, values: Sequence[Any]) -> list[np.ndarray]:
        """Return the ids of many values; faster than one by one."""
        if any(isinstance(value, (list, tuple)) for value in values):
            return [np.array([index for _, index in pieces], np.int64) for pieces in self._pieces(values)]
        tokenizer, texts = self.tokenizer, [check_characters(to_text(value)) for value in values]
        rows = [self._split_ids(text) for text in texts]
        others = [place for place, row in enumerate(rows) if row is None]
        encoded = tokenizer.encode_batch([texts[place] for place in others], add_special_tokens=False) if others else []
        made = {place: self._with_parts(texts[place], each) for place, each in zip(others, encoded, strict=True)}
        return [made[place] if row is None else row for place, row in enumerate(rows)]

    def _split_ids(self, text: str) -> np.ndarray | None:
        """Return the ids of a text that is split without the tokenizer; None for other texts."""
        words = self._words_of(text)
        if words is None:
            return None
        ids = [self._ids_of_words[word] for word in words]
        try:
            return np.fromiter(ids, np.int64, len(ids))
        except TypeError:
            # some words have several parts
            return np.array([one for each in ids for one in ((each,) if isinstance(each, int) else each)], np.int64)

    def id_or_parts(self, word: str) -> int | tuple[int, ...]:
        """Return the id of a word of a text, or the ids of its parts."""
        index = self._ids.get(word.lower() if self.lower else word, UNK_ID)
        if index not in (UNK_ID, PAD_ID, BOS_ID):
            return index
        parts = tuple(index for _, index in self._parts(word))
        return parts[0] if len(parts) == 1 else parts

    def _with_parts(self, text: str, encoding: Encoding) -> np.ndarray:
        """Return the ids of a text, with those of the parts of its unknown words."""
        ids = np.array(encoding.ids, np.int64)
        unknown = np.flatnonzero((ids == UNK_ID) | (ids == PAD_ID) | (ids == BOS_ID)).tolist()
        if not unknown:
            return ids
        offsets = encoding.offsets
        parts: list[np.ndarray | list[int]] = []
        before = 0
        for place in unknown:
            start, end = offsets[place]
            parts += [ids[before:place], [index for _, index in self._parts(text[start:end])]]
            before = place + 1
        return np.concatenate([*parts, ids[before:]]).astype(np.int64)

    def tokens(self, value: Any) -> list[str]:
        """Return the words as they are written, aligned with `encode`; a line end reads ``<eos>``."""
        return [piece for piece, _ in next(self._pieces([value]))]

    def _pieces(self, values: Sequence[Any]) -> Iterator[list[tuple[str, int]]]:
        """Return (word, id) of every step of every value."""
        texts = [check_characters(to_text(value)) for value in values if not isinstance(value, (list, tuple))]
        encoded = iter(self.tokenizer.encode_batch(texts, add_special_tokens=False)) if texts else iter(())
        remaining = iter(texts)
        for value in values:
            if isinstance(value, (list, tuple)):
                yield [(item, self._nearest(item)) for item in self._items(value)]
                continue
            encoding, text = next(encoded), next(remaining)
            pieces: list[tuple[str, int]] = []
            for token, index, (start, end) in zip(encoding.tokens, encoding.ids, encoding.offsets, strict=True):
                if index in (UNK_ID, PAD_ID, BOS_ID):
                    pieces += self._parts(text[start:end])
                else:
                    pieces.append((token, index))
            yield pieces

    def _nearest(self, word: str) -> int:
        """Return the id of a word, or of its lower-case form; a reserved name in a text is no such symbol."""
        index = self._ids.get(word)
        if index is None:
            index = self._ids.get(word.lower(), UNK_ID)
        return UNK_ID if index in (PAD_ID, BOS_ID) else index

    def _parts(self, word: str) -> list[tuple[str, int]]:
        """Return what an unknown word is made of: itself in lower case, word and signs, or a contraction."""
        whole = self._nearest(word)
        if whole != UNK_ID or word in RESERVED:
            return [(word, whole)]
        contraction = _CONTRACTION.fullmatch(word)
        if contraction:
            halves = [(half, self._nearest(half)) for half in contraction.groups()]
            if all(index != UNK_ID for _, index in halves):
                return halves
        before, core, after = _edges(word)
        signs = [(sign, self._nearest(sign)) for sign in before + after]
        if core and signs:
            inner = self._parts(core)
            if all(index != UNK_ID for _, index in signs) or any(index != UNK_ID for _, index in inner):
                return [*signs[: len(before)], *inner, *signs[len(before) :]]
        return [(word, UNK_ID)]

    def decode(self, array: Any) -> str:
        """Return readable text; padding and beginning are left out, the end is a line end in whole files."""
        lines: list[list[str]] = [[]]
        for index in ids_of(array):
            if index == EOS_ID and self.newlines:
                lines.append([])
            elif index not in (PAD_ID, BOS_ID, EOS_ID):
                lines[-1].append(self.token(index))
        return "\n".join(map(self._line, lines))

    def _line(self, words: list[str]) -> str:
        """Return the words of one line as text."""
        if self.split == "spaces":
            return " ".join(words)
        return self._spacing.join(words, self.tokenizer.pre_tokenizer.pre_tokenize_str)

    def typed_form(self) -> dict[str, Any] | None:
        return {
            "kind": "words", "vocabulary": [str(one) for one in self.vocabulary], "lower": self.lower,
            "newlines": self.newlines, "split": self.split, "spacing": self._spacing.state(),
        }  # fmt: skip

    def describe(self) -> str:
        """Return the size of the vocabulary and the split."""
        how = "split at spaces" if self.split == "spaces" else "words and punctuation"
        rough = f"; counts of words are too low by at most {self.count_error:,}" if self.count_error else ""
        return f"{super().describe()} ({how}{rough})"

    def _state(self) -> dict[str, Any]:
        return {
            **super()._state(),
            "lower": self.lower,
            "newlines": self.newlines,
            "split": self.split,
            "spacing": self._spacing.state(),
        }

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> WordsCodec:
        codec = cls(lower=field(state, "lower", bool, path), newlines=field(state, "newlines", bool, path))
        codec.split = field(state, "split", str, path)
        if codec.split not in ("spaces", "words"):
            raise RunError(f'{path} is damaged: "split" should be spaces or words, found {codec.split!r}')
        spacing = field(state, "spacing", dict, path)
        left, right, pairs = (frozenset(strings(spacing, key, path)) for key in ("left", "right", "pairs"))
        codec._spacing = Spacing(left, right, pairs)
        codec._take(cls._read_tokenizer(state, path))
        codec.check_size(state, path)
        return codec


def _edges(word: str) -> tuple[str, str, str]:
    """Return the signs before a word, the word and the signs after it; a word of signs alone is before.

    >>> _edges("(don't)."), _edges("...")
    (('(', "don't", ').'), ('...', '', ''))
    """
    # a regular expression for this takes quadratic time
    inner = [place for place, sign in enumerate(word) if sign.isalnum() or sign == "_"]
    if not inner:
        return word, "", ""
    first, last = inner[0], inner[-1] + 1
    return word[:first], word[first:last], word[last:]


def _is_split(texts: Iterable[str]) -> bool:
    """Return whether signs are separated from words: ``<unk>`` occurs, or most commas and stops are alone."""
    alone: Counter[bool] = Counter()
    attached: Counter[bool] = Counter()
    for text in texts:
        for chunk in text.split():
            if chunk == UNK:
                return True
            reliable = chunk[-1] in ",." or bool(_PIECE_OF_WORD.fullmatch(chunk))
            if not any(map(str.isalnum, chunk)) or _PIECE_OF_WORD.fullmatch(chunk):
                alone[reliable] += 1
            elif not chunk[-1].isalnum():
                attached[reliable] += 1
    # French puts a space before "!" and "?": they decide only where there is no comma and no stop
    decisive = bool(alone[True] or attached[True])
    return alone[decisive] > attached[decisive]
