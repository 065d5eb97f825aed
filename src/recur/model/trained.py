"""``Model``: a trained network with everything that it needs to answer raw values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from recur import continuation
from recur import data as data_room
from recur.codecs import Codec
from recur.config import Config
from recur.continuation.completion import Completion
from recur.data import InputQuery, Roles
from recur.errors import ConfigError, DataError
from recur.evaluation.report import Analyses, measure
from recur.figures import any_figure, figure
from recur.heads import Prediction
from recur.markup import escaped, table
from recur.model import corpus
from recur.model.held_out import held_out_inputs, held_out_values
from recur.modes import Mode
from recur.modes.abilities import Wording
from recur.nn.summary import Summary, parameter_count, summarize
from recur.predictions import Sheet, frame, one_input, questions_from
from recur.predictions.refusals import located, refuse_empty_series
from recur.run import save

if TYPE_CHECKING:
    from recur.export import Exported, ExportedC, ExportedPython
    from recur.export.web import ExportedPage
    from recur.inspect import Explanation


class Model:
    """A trained network with everything that it needs to answer raw values.

    Attributes
    ----------
    mode : Mode
        The network, a torch module.
    config : Config
        Its configuration.
    roles : Roles
        Sequence mode, columns and codecs.
    metrics : dict
        The contents of metrics.json: metrics on the held-out rows and of the baseline, and how the training ended.
    folder : Path or None
        Its run folder, where it has one.
    name : str or None
        What it is called in place of the name of that folder: of a run of the hub, the name of its repository.

    Examples
    --------
    >>> model = fit([{"text": "good", "label": "yes"}, ...], epochs=3)  # doctest: +SKIP
    >>> model.predict("very good").value  # doctest: +SKIP
    'yes'
    """

    def __init__(
        self, mode: Mode, config: Config, roles: Roles, *, metrics: Mapping[str, Any], folder: Path | None,
        name: str | None = None,
    ) -> None:  # fmt: skip
        self.mode = mode.eval()
        self.config = config
        self.roles = roles
        self.metrics = dict(metrics)
        self.folder = folder
        self.name = name

    @property
    def input_codec(self) -> Codec | None:
        """The codec of inputs; None where the network reads nothing."""
        return self.mode.input_codec

    @property
    def target_codec(self) -> Codec:
        """The codec of answers."""
        return self.mode.target_codec

    @property
    def title(self) -> str:
        """The name of the run folder; of a network without one, its cell."""
        return self.name or (self.mode.wording.title if self.folder is None else self.folder.name)

    @property
    def sentence(self) -> str:
        """What is predicted from what, in words."""
        return self.roles.sentence

    @property
    def wording(self) -> Wording:
        """Title and sentence, under the name that a mode has for them."""
        return Wording(self.title, self.sentence)

    def __repr__(self) -> str:
        name, held_out = str(self.metrics.get("figure")), self.metrics.get("held_out", {})
        shown = f", held-out {name} {figure(name, held_out[name])}" if name in held_out else ""
        return f"Model({self.roles.sentence}{shown})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the task, the figures on the held-out rows, and the layers."""
        metrics = self.metrics.get("held_out", {})
        rows = [(name, any_figure(name, value)) for name, value in metrics.items() if isinstance(value, (int, float))]
        held_out = table(rows, ("held-out rows", "")) if rows else ""
        return f"<p>{escaped(self.roles.sentence)}</p>{held_out}{summarize(self.mode).html()}"

    def summary(self) -> Summary:
        """Return the layers, their shapes, parameters, memory and the operations of one step.

        Returns
        -------
        Summary
            Printed, or shown by a notebook, it is a table; ``.layers`` and ``.total`` have the numbers.
        """
        return summarize(self.mode)

    def to(self, device: str) -> Model:
        """Move the network to a device; return the model."""
        from recur.training.setup import choose_device

        self.mode.to(choose_device(device))
        return self

    @overload
    def predict(self, x: str, *, top: int = 1, as_frame: Literal[False] = False, **decoding: Any) -> Prediction: ...
    @overload
    def predict(self, x: Any, *, top: int = 1, as_frame: bool = False, **decoding: Any) -> Any: ...
    def predict(self, x: Any, *, top: int = 1, as_frame: bool = False, **decoding: Any) -> Any:
        """Answer one raw input, or many.

        Parameters
        ----------
        x : text, mapping, sequence of them, data frame, or path
            A text, a mapping from column to cell or, of series, a list of numbers is one input; any other list, tuple
            or array holds many. A data frame, a dictionary of columns or a path is a table as `fit` takes it, without
            targets; where its rows are the steps of one series, as for a forecast, it is one input in a list. A text
            such as ``reviews.csv`` is that file; in a list it is a text.
        top : int
            Candidates per answer, most probable first.
        as_frame : bool
            Return a pandas data frame: a row for each answer, or for each step of a forecast.
        **decoding
            How sequences are generated, the fields of `Decoding`: ``beam``, ``length``, ``temperature``, ``top_k``,
            ``top_p``, ``seed``, ``length_penalty``, ``repetition_penalty``, ``no_repeat_ngram``, ``prefix``, ``stop``.

        Returns
        -------
        Prediction, list of Prediction, or DataFrame
            One for one input, a list for many.
        """
        questions, alone = questions_from(x, self.input_codec, self.roles, self.config)
        answers = self.answer(questions, top=top, **decoding) if questions else []
        if not as_frame:
            return answers[0] if alone else answers
        first = questions[0] if questions else None
        return frame(Sheet.of(self.mode, self.roles, top=top, first=first), questions, answers, x)

    def answer(self, questions: Sequence[InputQuery], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        """Answer inputs with their places, as in `recur.data.InputQueries`.

        Raises
        ------
        DataError
            When one of them cannot be read; its place is named.
        """
        refuse_empty_series(self.input_codec, questions)
        try:
            return continuation.predict(self.mode, [question.value for question in questions], top=top, **decoding)
        except DataError as error:
            raise located(self.mode, questions, self.roles.input, error) from error

    def complete(self, text: Any, *, top: int = 5) -> Completion:
        """Return the most probable next words after a text, or the most probable next notes after a prompt.

        Notes of a roll have a probability each; `generate` draws whole steps and continues.

        Returns
        -------
        Completion
            A list of candidates; ``.unknown`` has the words of the text that are not in the vocabulary.

        Raises
        ------
        ConfigError
            When the model continues nothing.
        """
        self._refuse_no_continuation()
        return continuation.complete(self.mode, text, top=top)

    @overload
    def generate(self, prompt: str = "", *, stream: Literal[False] = False, **decoding: Any) -> str: ...
    @overload
    def generate(self, prompt: str = "", *, stream: Literal[True], **decoding: Any) -> Iterator[str]: ...
    @overload
    def generate(self, prompt: Any = "", *, stream: bool = False, **decoding: Any) -> Any: ...
    def generate(self, prompt: Any = "", *, stream: bool = False, **decoding: Any) -> Any:
        """Continue a text or a piece of notes, or generate the answer to an input, item by item.

        Parameters
        ----------
        prompt : str or raw input
            How the text begins; of notes a MIDI file, a line of notes, or the pitches of every step; of a network
            that reads one thing and writes another, what it reads.
        stream : bool
            Yield the pieces one by one as they are generated, in place of the whole: pieces of a text, tags, or rows of
            numbers.
        **decoding
            ``length`` (symbols), ``temperature`` (1.0, and 0, the most probable, where a sequence becomes another),
            ``top_k``, ``top_p``, ``seed``, ``repetition_penalty``, ``no_repeat_ngram``, ``prefix`` (how the answer
            begins) and ``stop`` (texts before which it ends).

        Returns
        -------
        str, list or iterator
            Of a language model the prompt and what follows, of others the answer; streamed, the pieces of what is
            written. Of notes: the pitches of every step, or a line of notes; streamed, one step at a time.

        Raises
        ------
        ConfigError
            When the network answers in one pass.

        Examples
        --------
        >>> for piece in model.generate("the clouds", stream=True, length=20):  # doctest: +SKIP
        ...     print(piece, end="", flush=True)
        """
        continued = self.mode.abilities.continues
        usual = 0.0 if self.mode.abilities.translates or self.target_codec.numeric else 1.0
        given = prompt if continued else self.one_input(prompt)
        pieces = continuation.generate(self.mode, given, **{"temperature": usual, **decoding})
        return pieces if stream else continuation.whole(self.mode, given, list(pieces))

    def evaluate(
        self, data: Any, *, last_word: bool = False, confusion: bool = False, cache: int | None = None,
        cache_theta: float | None = None, cache_lambda: float | None = None, precision: str | None = None,
        tell: Callable[[float], None] | None = None, **decoding: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Evaluate on other rows.

        Parameters
        ----------
        data : path or rows
            A file (a text is its path), or rows as for `fit`, with the same columns; also one row: ``df.iloc[0]``.
        last_word : bool
            For language models: accuracy and perplexity of the last word of each line.
        confusion : bool
            For classes and tags: also the confusion matrix, and precision, recall and F1 of each label.
        cache : int, optional
            For language models of one long text: steps of a continuous cache (Grave 2017).
        cache_theta, cache_lambda : float, optional
            Sharpness and weight of the cache; where they are left out, those that are best on the run's ``dev`` rows.
        precision : str, optional
            Also measure with the products of the recurrent layers in this precision ("bfloat16", "int8"):
            ``by_precision`` has the figures in both. The network is in it while it is measured, for other threads too.
        **decoding
            How sequences are generated: ``beam`` and the other fields of `Decoding`. BLEU and chrF are added for
            sequences that are generated from others, where sacrebleu is installed.
        tell : callable, optional
            Called with the share that is done, 0 to 1.

        Returns
        -------
        dict
            Metric to value, and the number of rows; for classes also the accuracy of the majority class of these rows.

        Raises
        ------
        DataError
            When the data cannot be read or has other columns.
        ConfigError
            When the last word is asked of a model that does not continue a text, or there is no such precision.
        """
        analyses = Analyses(last_word, confusion, cache, cache_theta, cache_lambda, decoding)
        return measure(self.mode, self.config, self.roles, data, replace(analyses, precision=precision), tell)

    def inspect(
        self, x: Any, *, target: str | None = None, at: int | str | None = None, top: int = 5, **options: Any
    ) -> Explanation:
        """Explain the answer to one raw input: which items support it, and how the state and the gradient develop.

        Parameters
        ----------
        x : text, sequence or mapping
            One input.
        target : str, optional
            The word, class or tag to explain; by default the network's own answer.
        at : int or str, optional
            Which answer of a sequence of answers: a number from 1, or the item.
        top : int
            Candidates.
        **options
            As for `recur.inspect.explain`: ``parts``, ``options``, ``window``, ``corpus``, ``match``.

        Returns
        -------
        Explanation
            Plain data in ``.data``; ``recur.inspect`` has the arrays.
        """
        from recur.inspect import explain

        return explain(self, self.one_input(x), target=target, at=at, top=top, **options)

    def read(self, file: Path | str) -> list[Any]:
        """Return the inputs of a file: one per line of a text, or the input columns of a table.

        Raises
        ------
        DataError
            When the file cannot be read, or lacks a column.
        """
        return data_room.inputs(file, self.roles, self.config)

    def passages(self, file: Path | str) -> tuple[list[Any], list[Any] | None]:
        """Return texts to search in, with their labels; see `recur.model.corpus.passages`.

        Raises
        ------
        DataError
            When the file cannot be read, or lacks a column.
        """
        return corpus.passages(file, self.mode, self.roles, self.config)

    def save(self, folder: Path | str, *, weights: str = "float32") -> Path:
        """Write a run folder, which `load` opens anywhere.

        Parameters
        ----------
        folder : path
            A new folder, or one with a run.
        weights : str
            How parameters are stored: "float16" halves the file, and rounds every number to 11 significant bits (0.05 %
            of it, and 3e-8 near zero). The loaded network computes in float32 either way.

        Raises
        ------
        RunError
            When the folder has something else in it, or a parameter exceeds the range of float16.
        ConfigError
            When ``weights`` is neither of the two.
        """
        target = Path(folder)
        save(
            target, self.mode, self.config, self.roles,
            input_codec=self.input_codec, target_codec=self.target_codec, metrics=self.metrics,
            facts={"parameters": parameter_count(self.mode)}, weights=weights,
        )  # fmt: skip
        return target

    def export(self, path: Path | str, *, step: bool = False) -> Exported:
        """Write the network as ONNX, and compare the file with it in onnxruntime; see `recur.export.export_model`.

        Parameters
        ----------
        path : path
            The file.
        step : bool
            One step with its states in and out, for a stream, in place of whole sequences.
        """
        from recur.export import export_model

        return export_model(self.mode, path, step=step, facts={"sentence": self.roles.sentence})

    def export_c(
        self, folder: Path | str, *, name: str = "model", single_header: bool = False, max_steps: int | None = None,
        int8: bool = False, int16: bool = False,
    ) -> ExportedC:  # fmt: skip
        """Write the network as C99 without dependencies, proved by compiling and running it; see
        `recur.export.export_c`.

        It is compared on the run's held-out rows where their file can still be read, else on rows drawn at random.

        Parameters
        ----------
        folder : path
            A new folder, or one that an export has written.
        name : str
            The start of every name in C.
        single_header : bool
            One header with everything, in place of header and source.
        max_steps : int, optional
            The most steps of a sequence, where a network reads in both directions or searches tags.
        int8 : bool
            Whether weights have 8 bits.
        int16 : bool
            Whether all numbers have 16 bits and a fixed point.
        """
        from recur.export import export_c

        return export_c(
            self.mode, folder, name=name, single_header=single_header, sentence=self.roles.sentence,
            inputs=held_out_inputs(self.mode, self.config), max_steps=max_steps, int8=int8, int16=int16,
        )  # fmt: skip

    def export_python(self, path: Path | str, *, max_steps: int | None = None) -> ExportedPython:
        """Write the network as one Python file that needs NumPy alone, and a library compiled from C beside it; see
        `recur.export.export_python`.

        Parameters
        ----------
        path : path
            ``NAME.py``; the library is ``libNAME.so``.
        max_steps : int, optional
            Of the library, the most steps of a sequence, where a network reads in both directions or searches tags.
        """
        from recur.export import export_python

        return export_python(
            self.mode, path, sentence=self.roles.sentence, inputs=held_out_inputs(self.mode, self.config),
            max_steps=max_steps,
        )  # fmt: skip

    def export_web(
        self, path: Path | str, *, float32: bool = False, examples: bool = True, wasm: bool = True
    ) -> ExportedPage:
        """Write the network as one offline page in which it runs; see `recur.export.web.export_web`.

        It is compared on the run's held-out rows where their file can still be read, else on rows drawn at random.

        Parameters
        ----------
        path : path
            A file that ends in ``.html``.
        float32 : bool
            Keep the weights as they are; by default they are rounded to 16 bits.
        examples : bool
            Offer up to three short held-out inputs in the page, which then contains them.
        wasm : bool
            Compile the steps of its cells to WebAssembly too, where the package ziglang is installed.
        """
        from recur.export.web import export_web

        return export_web(
            self.mode, path, float32=float32, name=self.title, sentence=self.roles.sentence, metrics=self.metrics,
            inputs=held_out_values(self.config), examples=examples, wasm=wasm,
        )  # fmt: skip

    def _refuse_no_continuation(self) -> None:
        if not self.mode.abilities.continues:
            raise ConfigError(
                f"this model does not continue a text: {self.roles.sentence}",
                hint="train on text without a target to get a language model",
            )

    def one_input(self, value: Any) -> Any:
        """One raw input of a mapping from column to value, or the value itself."""
        return one_input(value, self.roles)
