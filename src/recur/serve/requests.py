"""Request bodies: their schema, checked before anything is computed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recur.decoding import Decoding

MOST_CANDIDATES = 1000
MOST_SYMBOLS = 2**31 - 1  # of a vocabulary
WIDEST_BEAM = 64
MOST_STOPS, LONGEST_STOP = 64, 1000  # each is looked for after every symbol

Stop = Annotated[str, Field(max_length=LONGEST_STOP)]
StopList = Annotated[list[Stop], Field(max_length=MOST_STOPS, fail_fast=True)]
Texts = Annotated[list[str], Field(fail_fast=True)]  # one error is enough: a list may have thousands


class Body(BaseModel):
    """A request; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(None, description="which network; optional where there is only one")


class GenerationOptions(Body):
    """Options of generation."""

    length: int | None = Field(None, ge=0, description="largest number of symbols")
    temperature: float | None = Field(None, ge=0, le=100, description="0 takes the likeliest symbol")
    top_k: int | None = Field(None, ge=1, le=MOST_SYMBOLS, description="draw from the k likeliest symbols")
    top_p: float | None = Field(None, gt=0, le=1, description="draw from the likeliest symbols of this mass together")
    seed: int | None = Field(None, ge=0, lt=2**63, description="the same seed draws the same answer")
    stop: StopList | Stop | None = Field(None, description="end before the first of these stop sequences")
    repetition_penalty: float | None = Field(
        None, ge=1, le=100, description="makes symbols that were generated less likely"
    )
    no_repeat_ngram: int | None = Field(None, ge=0, le=1000, description="no sequence of this many symbols twice")

    def options(self) -> dict[str, Any]:
        """The options that were set, under the names of `Decoding`."""
        names = ("length", "temperature", "top_k", "top_p", "seed", "repetition_penalty", "no_repeat_ngram")
        options = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if self.stop:
            options["stop"] = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)
        return options

    def decoding(self) -> Decoding:
        """The same, with sampling at temperature 1 by default."""
        return Decoding.of({"temperature": 1.0, **self.options()})


class Predict(GenerationOptions):
    """Inputs to answer."""

    inputs: list[Any] = Field(description="raw inputs: texts, rows of numbers, objects from column to value")
    top: int = Field(1, ge=1, le=MOST_CANDIDATES, description="candidates per answer")
    beam: int | None = Field(None, ge=1, le=WIDEST_BEAM, description="hypotheses of the beam search")

    def options(self) -> dict[str, Any]:
        options = super().options()
        return options if self.beam is None else {**options, "beam": self.beam}


class Next(Body):
    """A text whose next item is requested, with its probability when sampled."""

    text: str = ""
    top: int = Field(20, ge=1, le=MOST_CANDIDATES, description="candidates")
    temperature: float = Field(1.0, ge=0, le=100, description="0 takes the likeliest symbol")
    top_k: int | None = Field(None, ge=1, le=MOST_SYMBOLS, description="draw from the k likeliest symbols")
    top_p: float | None = Field(None, gt=0, le=1, description="draw from the likeliest symbols of this mass together")

    def decoding(self) -> Decoding:
        """The options by which a symbol would be sampled."""
        sampled = self.temperature > 0
        return Decoding(
            temperature=self.temperature, top_k=self.top_k if sampled else None, top_p=self.top_p if sampled else None
        )


class Explain(Body):
    """An answer to explain."""

    value: Any = Field(description="one raw input")
    target: str | None = Field(None, description="the word, class or tag to explain; default: the network's answer")
    at: int | str | None = Field(None, description="which answer of a sequence of answers")
    top: int = Field(5, ge=1, le=20, description="candidates")
    parts: list[Literal["influence", "flow", "states", "unrolled"]] = Field(
        default=["influence", "flow", "states", "unrolled"],
        max_length=8,
        description="what is computed; influence alone is fast",
    )
    options: int | None = Field(None, ge=1, le=20, description="how many candidates the influence is computed for")
    methods: list[Literal["swap", "leave_one_out", "integrated_gradients", "gradient_input"]] = Field(
        default=["swap", "leave_one_out", "integrated_gradients", "gradient_input"],
        max_length=8,
        description="measures of influence; swap is for networks that predict what they read",
    )


class MatchRange(Body):
    """A range of an input, whose state is searched for in texts."""

    value: Any = Field(description="one raw input")
    over: tuple[int, int] | str = Field(description="first and last step, counted from 1; or a piece of the input")
    within: list[Any] | None = Field(None, description="raw inputs to search in; default: the input itself")
    threshold: float = Field(0.3, gt=0, lt=1, description="above which, or below whose negative, a unit is on")
    edges: Literal["auto", "both", "before", "after", "none"] = Field(
        "auto", description="where the units are off beside the range"
    )
    layer: int | None = Field(None, ge=1, le=1000, description="which layer; default: the last")
    matches: int = Field(20, ge=1, le=200, description="how many matches")


class Complete(Body):
    """Sentences whose next word is requested."""

    texts: Texts = Field(description="sentences without their last word")
    top: int = Field(5, ge=1, le=MOST_CANDIDATES, description="candidates per sentence")


class Generate(GenerationOptions):
    """A text to continue."""

    prompt: str = ""
    stream: bool = Field(False, description="send the pieces as they are written, as server-sent events")


class Play(GenerationOptions):
    """A piece of notes to continue."""

    opening: Any = Field("", description="a line of notes, the pitches of every step, or data:audio/midi;base64,...")


class OpenSession(Body):
    """A new session."""

    text: str | None = Field(None, description="read this first")


class Read(Body):
    """Input that a session reads next."""

    model: None = None
    text: str | None = Field(None, description="for a network that reads text")
    values: list[Any] | None = Field(None, description="for any other network: the numbers of each step, or symbols")
    top: int = Field(5, ge=0, le=MOST_CANDIDATES, description="candidates for the next item; 0 for none")


class Write(GenerationOptions):
    """Items that a session generates next; its state then includes them."""

    model: None = None
    stream: bool = Field(False, description="send the pieces as they are written, as server-sent events")


class CompletionOptions(BaseModel):
    """What both forms of OpenAI's completions have, as far as it applies to a recurrent network."""

    model_config = ConfigDict(extra="forbid")

    model: str
    max_tokens: Annotated[int, Field(ge=0)] | None = 16
    temperature: Annotated[float, Field(ge=0, le=2)] | None = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] | None = 1.0
    n: Annotated[int, Field(ge=1, le=64)] | None = 1
    stream: bool | None = False
    stream_options: dict[str, bool] | None = None
    stop: Stop | StopList | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    user: str | None = None
    presence_penalty: Annotated[float, Field(ge=0, le=0)] | None = None
    frequency_penalty: Annotated[float, Field(ge=0, le=0)] | None = None
    logit_bias: None = None


class Completion(CompletionOptions):
    """The body of OpenAI's completions."""

    prompt: str | Texts = ""
    logprobs: Annotated[int, Field(ge=0, le=0)] | None = None  # only of the generated symbols
    echo: bool | None = False
    best_of: Literal[1] | None = None
    suffix: None = None


class Message(BaseModel):
    """One message of a chat; a recurrent network reads its text alone."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "developer", "user", "assistant"]
    content: str
    name: str | None = None


class ChatCompletion(CompletionOptions):
    """The body of OpenAI's chat completions: the texts of the messages, one per line, are the prompt."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=10_000, fail_fast=True)]
    max_completion_tokens: Annotated[int, Field(ge=0)] | None = None
    logprobs: Literal[False] | None = None

    def prompt(self) -> str:
        """The text that the network continues."""
        return "\n".join(one.content for one in self.messages)
