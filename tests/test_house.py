"""The rules of the house, held by machine: who imports whom, what starts fast, what is never written."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "recur"
MODULES = sorted(PACKAGE.rglob("*.py"))

# nothing imports from a room to its right
ORDER = (
    "_version", "errors", "cancellation", "figures", "printable", "markup", "atomic", "bounded", "config",
    "config_file", "equations", "compiler", "codecs", "data", "engine", "nn", "decoding", "heads", "network", "modes",
    "continuation", "evaluation", "run", "training", "export", "views", "inspect", "predictions", "model", "serve",
    "demos", "cli", "__main__",
)  # fmt: skip
WITHOUT_TORCH = (
    "errors", "figures", "printable", "markup", "atomic", "bounded", "config", "config_file", "equations", "compiler",
    "codecs", "data", "predictions", "views", "cli",
)  # fmt: skip
LONGEST = 500  # lines; a file is one idea, usually under 400
# public in spite of their names: of named tuples, and of os
PUBLIC = frozenset({"_replace", "_asdict", "_fields", "_exit"})


@functools.cache
def syntax(path: Path) -> ast.Module:
    """The syntax tree of a file, parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def room(path: Path) -> str:
    """The first folder, or the file itself, below src/recur."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, room) for every import of our own package in a file, also those within functions."""
    for node in ast.walk(syntax(path)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "recur" and len(parts) > 1 and parts[1] in ORDER:
                yield getattr(node, "lineno", 0), parts[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_imports_upwards(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return  # the table of public names; it imports each when it is asked for
    assert room(path) in ORDER, f"{room(path)} is a new room: give it a place in ORDER"
    for line, other in imported_rooms(path):
        assert ORDER.index(other) <= ORDER.index(room(path)), f"{path}:{line} imports {other}, which is above it"


def module(path: Path) -> str:
    """The name that a file is imported by."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imported_modules(path: Path, known: set[str]) -> set[str]:
    """The files of our own that a file imports, also within functions and for types alone."""
    found = set()
    for node in ast.walk(syntax(path)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            while name and name not in known:
                name = name.rpartition(".")[0]
            found.add(name)
    return found - {"", module(path)}


def circles(imports: dict[str, set[str]]) -> set[str]:
    """The files that import themselves by way of others."""

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            for name in imports.get(waiting.pop(), set()) - found:
                found.add(name)
                waiting.append(name)
        return found

    return {name for name in imports if name in reached(name)}


@functools.cache
def files_in_circles() -> frozenset[str]:
    """The files of the package that import themselves by way of others."""
    known = {module(path) for path in MODULES}
    imports = {module(path): imported_modules(path, known) for path in MODULES if path != PACKAGE / "__init__.py"}
    return frozenset(circles(imports))


@pytest.mark.parametrize("name", sorted({room(path) for path in MODULES} - {"__init__"}))
def test_no_files_import_each_other_in_a_circle(name: str) -> None:
    assert not sorted(one for one in files_in_circles() if [*one.split("."), ""][1] == name)


def test_a_circle_of_files_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"b"}}) == {"b", "c"}


DEFINING = ("codecs", "heads", "modes", "nn")
_OBJECTS = re.compile(r"(?:^|[._])(?:codec|mode|head|output|readout|layer|decoder)\w*$")
# looks at the kind of a codec, head, mode or layer that a file may still have, outside the room that defines it
LOOKS: dict[str, int] = {}


@functools.cache
def known_classes() -> dict[str, str]:
    """The codecs, heads, modes and layers by name, and the room that defines each."""
    bases: dict[str, tuple[str, set[str]]] = {}
    for path in MODULES:
        if room(path) in DEFINING:
            for node in ast.walk(syntax(path)):
                if isinstance(node, ast.ClassDef):
                    bases[node.name] = room(path), {ast.unparse(base).split(".")[-1] for base in node.bases}
    found = {"Codec", "Head", "Mode", "Module"}
    while more := {name for name, (_, over) in bases.items() if over & found} - found:
        found |= more
    return {name: bases[name][0] for name in found if name in bases}


def _names_a_kind(one: ast.Attribute, own: str) -> bool:
    """Whether an attribute is the kind of a codec, or the name of a mode above the rooms that infer it."""
    of = ast.unparse(one.value)
    if one.attr == "kind":
        return "codec" in of
    return own not in {"config", "data", "modes"} and (one.attr, of.split(".")[-1]) in {
        ("mode", "roles"),
        ("name", "mode"),
    }


def looks(text: str, own: str, classes: dict[str, str]) -> list[tuple[int, str]]:
    """Line and code of every question about what a codec, head, mode or layer of another room is."""
    found = []
    for node in ast.walk(ast.parse(text)):
        asked = False
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "isinstance":
                names = {ast.unparse(one).split(".")[-1] for one in ast.walk(node.args[1]) if isinstance(one, ast.expr)}
                asked = any(classes.get(name, own) != own for name in names)
            elif node.func.id == "getattr" and len(node.args) == 3:
                asked = bool(_OBJECTS.search(ast.unparse(node.args[0]))) and own not in {"nn"}
        elif isinstance(node, ast.Compare) and own != "codecs":
            sides = [node.left, *node.comparators]
            asked = any(isinstance(one, ast.Attribute) and _names_a_kind(one, own) for one in sides)
        if asked:
            found.append((node.lineno, ast.unparse(node)))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_looks_at_what_a_codec_head_mode_or_layer_is(path: Path) -> None:
    found = looks(path.read_text(encoding="utf-8"), room(path), known_classes())
    allowed = LOOKS.get(str(path.relative_to(PACKAGE)), 0)
    assert len(found) <= allowed, f"ask it instead (a trait or a method): {found}"
    assert len(found) == allowed, f"{len(found)} are left: lower the number in LOOKS"


def test_a_look_at_what_a_codec_is_is_found() -> None:
    classes = {"TagsCodec": "codecs", "Synced": "modes"}
    assert looks("isinstance(x, codecs.TagsCodec | int)", "data", classes)
    assert looks("isinstance(x, (Synced, int))", "serve", classes)
    assert looks("mode.target_codec.kind in TEXTS", "cli", classes)
    assert looks("getattr(self.mode.output, 'crf', None)", "serve", classes)
    assert looks("self.mode.name == 'synced' or model.roles.mode != 'synced'", "cli", classes)
    assert not looks("isinstance(x, Synced)", "modes", classes)
    assert not looks("table.kind == 'text' or getattr(error, 'msg', None)", "data", classes)


# comparisons with the names of kinds of value that a file outside codecs/ may still have; all others ask the codec, or
# its class (codecs.class_of). Those of data/ are of kinds of files, before anything is read: "images" may be whole or
# in steps. A kind with options of its own still has its words in data/situation.py: none may be added.
NAMED: dict[str, int] = {
    "data/inference.py": 3,
    "data/media.py": 2,
    "data/situation.py": 7,
    "serve/served.py": 1,
    "training/resuming.py": 1,
}


@functools.cache
def kinds() -> frozenset[str]:
    """The names of all kinds of value: what the classes of codecs have as ``kind``."""
    named = re.compile(r'^    kind\b[^"\n]*= "(\w+)"', re.MULTILINE)
    texts = [path.read_text(encoding="utf-8") for path in MODULES if room(path) == "codecs"]
    return frozenset(name for text in texts for name in named.findall(text))


def holds_kinds(node: ast.expr, known: frozenset[str], constants: set[str]) -> bool:
    """Whether a collection holds names of kinds and nothing else: ``("class", "tags")``, ``(*LABELLED, "words")``."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    if isinstance(node, ast.Starred):
        node = node.value
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts) and all(
            each.value in known
            if isinstance(each, ast.Constant)
            else ast.unparse(each).endswith("Codec.kind") or holds_kinds(each, known, constants)
            for each in node.elts
        )
    return ast.unparse(node).split(".")[-1] in constants


def collections_of_kinds(path: Path, *, imported: bool = True) -> set[str]:
    """The constants of a file that hold names of kinds, and those that it imports from where they are made."""
    found: set[str] = set()
    for node in syntax(path).body:
        if isinstance(node, ast.Assign) and holds_kinds(node.value, kinds(), found):
            found |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and imported:
            folder = PACKAGE.parent.joinpath(*node.module.split("."))
            for other in {folder.with_suffix(".py"), folder / "__init__.py"} & set(MODULES) - {path}:
                found |= {alias.name for alias in node.names} & collections_of_kinds(other, imported=False)
    return found


def comparisons_with_kinds(tree: ast.AST, known: frozenset[str], constants: set[str]) -> list[tuple[int, str]]:
    """Line and code of every comparison of a name with that of a kind, or with a collection of such names."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            # what a column holds, before a codec is chosen, has names of its own
            kept = any(re.search(r"\bholds\b(?!.*codec)|^\(first", ast.unparse(side)) for side in (left, right))
            named = [isinstance(side, ast.Constant) and side.value in known and not kept for side in (left, right)]
            if isinstance(operator, ast.In | ast.NotIn):
                asked = named[0] or holds_kinds(right, known, constants)
            else:
                asked = any(named)
            if asked:
                found.append((node.lineno, ast.unparse(node)))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_compares_with_the_name_of_a_kind(path: Path) -> None:
    if room(path) == "codecs":
        return
    found = comparisons_with_kinds(syntax(path), kinds(), collections_of_kinds(path))
    allowed = NAMED.get(str(path.relative_to(PACKAGE)), 0)
    assert len(found) <= allowed, f"ask the codec, or its class: {found}"
    assert len(found) == allowed, f"{len(found)} are left: lower the number in NAMED"


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("codec in ('class', 'tags')", 1), ("codec not in TEXTS", 1), ("codec in (*TEXTS, 'tags')", 1),
        ("roles.target_codec == 'numbers'", 1), ("'numbers' != kind", 1), ("codec in frozenset({'words'})", 1),
        ("column.holds in ('class', 'text')", 0), ("given == 'numbers'", 1), ("'tags' in kinds", 1),
        ("codec == 'none'", 0), ("x in names", 0),
    ],
)  # fmt: skip
def test_a_comparison_with_the_name_of_a_kind_is_found(code: str, count: int) -> None:
    known = frozenset({"class", "tags", "words", "numbers"})
    assert len(comparisons_with_kinds(ast.parse(code), known, {"TEXTS"})) == count


def foreign_private_attributes(text: str) -> list[tuple[int, str]]:
    """Line and code of every ``other._x`` where no class of this text has an attribute ``_x``."""
    tree = ast.parse(text)
    own: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            own.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
            own.add(node.attr)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            own.add(node.target.id)
    return [
        (node.lineno, ast.unparse(node))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in own | PUBLIC
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_file_reads_a_private_attribute_of_another_files_object(path: Path) -> None:
    assert not foreign_private_attributes(path.read_text(encoding="utf-8"))


def test_a_private_attribute_of_another_files_object_is_found() -> None:
    own = "class A:\n    def __init__(self, other):\n        self._x = other._x\n"
    assert foreign_private_attributes(own) == []
    assert foreign_private_attributes("layer._weights[0]._replace(a=1)\nprint(x.__name__)") == [(1, "layer._weights")]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_private_names_of_torch_are_in_one_file(path: Path) -> None:
    private = re.compile(r"\btorch\.(?:\w+\.)*_(?!_)\w+")
    if path != PACKAGE / "engine" / "torch_state.py":
        assert not private.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_rooms_that_a_command_line_touches_do_not_import_torch(name: str) -> None:
    modules = [module(path) for path in MODULES if room(path) == name]
    code = f"import sys\nfor name in {modules!r}: __import__(name)\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["train", "x", "--hiden-size", "3"], ["trian"]])
def test_a_line_that_computes_nothing_does_not_load_torch(words: list[str]) -> None:
    code = f"import sys\nfrom recur.cli import main\nmain({words!r})\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


# rooms whose tests are in files of the names of theirs
MIRRORED = (
    "cli",
    "codecs",
    "compiler",
    "continuation",
    "data",
    "decoding",
    "demos",
    "engine",
    "engine/native",
    "equations",
    "evaluation",
    "export",
    "heads",
    "inspect",
    "modes",
    "network",
    "nn",
    "predictions",
    "run",
    "serve",
    "training",
    "views",
)
CELLS = tuple(
    f"equations/{name}"
    for name in (
        "elman", "elman_relu", "gru", "gru_layernorm", "gru_reset_before", "indrnn", "lstm", "lstm_layernorm",
        "lstm_peephole", "lstm_projected", "minimal_gated_unit",
    )
)  # fmt: skip
ELSEWHERE = {
    **dict.fromkeys(CELLS, "one equation, beside its published form: engine/test_eager, nn/test_torch_interface"),
    "engine/native/old": "what is removed is seen in the cache: test_kept",
    "engine/native/operator": "seen by torch.compile alone: nn/test_traced",
    "engine/native/readout": "compared with torch through the functions of nn: nn/test_loss",
    "export/network": "embedding and pooling are parts of whole networks: test_one_pass",
    "export/nodes": "every cell that ONNX has a node for: test_layers",
    "export/writer": "every file is written by it, and checked: test_layers",
    "serve/requests": "keys that are unknown, missing or of another type: test_problems",
    "serve/shown": "the JSON of answers: test_answer_routes",
    "serve/state": "networks by name and limits: test_routes, test_limits",
    "serve/streams": "streamed answers beside whole ones: test_answer_routes, test_session_routes",
    "nn/graph_writer": "what layers write is run beside them: export/test_layers, export/test_one_pass",
    "nn/gru": "beside torch.nn.GRU: test_torch_parity",
    "nn/lstm": "beside torch.nn.LSTM: test_torch_parity",
    "nn/rnn": "beside torch.nn.RNN: test_torch_parity",
    "nn/recurrent": "any cell with every option: test_options, test_engines",
    "training/session": "whole trainings, paused, killed and resumed: test_loop, test_resume",
    "training/setup": "what is refused before training begins: test_refusals, config/",
    "demos/explain": "the report of two networks that learned: test_last_word",
    "demos/side_by_side": "two trainings at once, paused and failed: test_last_word",
    "cli/app": "whole command lines, their exit codes and helps: test_process, test_usage",
    "cli/check": "whole command lines: test_runs, test_number_styles",
    "cli/compare": "whole command lines: test_inspect",
    "cli/complete": "whole command lines: test_runs, test_notes",
    "cli/demo": "whole command lines: demos/test_last_word, demos/test_single",
    "cli/evaluate": "whole command lines: test_runs, test_figures",
    "cli/export": "whole command lines: test_runs, test_full_disk",
    "cli/flags": "every field of the schema is a flag: test_usage",
    "cli/generate": "whole command lines: test_runs, test_notes",
    "cli/play": "whole command lines: test_notes",
    "cli/predict": "whole command lines: test_runs, test_whole_answers",
    "cli/serve": "the server behind it: serve/; its refusals: test_absurd_numbers",
    "cli/train": "whole command lines: test_runs, test_full_disk",
}

# files of tests that are named after a behaviour of several modules of their room, and what they are about
BEHAVIOURS = {
    "data/hostile": "files that were found to end in something else than rows or a sentence",
    "data/pictures": "pictures, videos and arrays as rows, from folders and tables",
    "data/tables_as_people_have_them": "files in the shapes of public data, and what is inferred from each",
    "data/tables_over_time": "tables with a time column, from the file to what is held out",
    "decoding/networks": "whole networks decoded: seeds over batches, and beams beside greedy decoding",
    "codecs/round_trips": "every codec encodes and decodes alike before and after its file",
    "heads/options": "what every head says of one step: its outputs, their scores, the one that is named",
    "modes/build": "the mode of a name, pairings that do not fit, weights that are loaded",
    "modes/missing_targets": "targets that are missing, in every kind of answer",
    "modes/pictures": "pictures and frames in every mode that reads them",
    "evaluation/missing_targets": "targets that are missing, in figures on held-out rows",
    "nn/distributed": "two processes train as one",
    "nn/docs": "examples of the docstrings",
    "nn/engines": "layers on every backend give the same",
    "nn/in_place": "what may be changed in place, and what not",
    "nn/torch_parity": "RNN, LSTM and GRU beside torch.nn: arguments, parameters, results, refusals",
    "nn/torchs_own_tests": "what torch asserts of its own layers holds of these",
    "training/finished": "a finished run that is asked for again",
    "training/refusals": "what training refuses before it begins, and what it leaves alone",
    "training/resume": "the same command again continues to the same bits",
    "demos/corpus": "the sentences that the last word is asked of: right, and held out",
    "demos/made": "the rows of the demonstrations: right by their rules, and held out",
    "cli/absurd_numbers": "numbers that no command can use are refused in a sentence",
    "cli/figures": "figures as commands show them",
    "cli/full_disk": "a full disk is said, and nothing is lost",
    "cli/notes": "notes on the command line",
    "cli/number_styles": "numbers written in the styles of several languages",
    "cli/process": "a process: its exit code, its words, its streams",
    "cli/runs": "commands on runs: train, evaluate, predict, complete, generate, export",
    "cli/usage": "mistyped lines, helps, the schema as flags",
    "cli/whole_answers": "answers whole on a terminal, in a pipe and in a file",
    "cli/written_notes": "notes and captions written as rows and files",
}


@pytest.mark.parametrize("folder", MIRRORED)
def test_every_module_of_a_mirrored_room_has_its_tests(folder: str) -> None:
    modules = {f"{folder}/{path.stem}" for path in (PACKAGE / folder).glob("[!_]*.py")}
    tests = {f"{folder}/{path.stem.removeprefix('test_')}" for path in (ROOT / "tests" / folder).glob("test_*.py")}
    assert modules - tests == {name for name in ELSEWHERE if name.rpartition("/")[0] == folder}
    # a module with many tests has several files: test_library, test_library_processes
    others = {name for name in tests - modules if not name.startswith(tuple(f"{one}_" for one in modules))}
    assert others == {name for name in BEHAVIOURS if name.rpartition("/")[0] == folder}


def written_files() -> list[Path]:
    """Every text file of the project that a person wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the list of files is git's")
    return [path for path in map(ROOT.joinpath, listed.stdout.splitlines()) if path.is_file()]


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
