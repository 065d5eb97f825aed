"""Remote stores: s3://, gs://, https:// and others by fsspec, hf:// by huggingface_hub; fetched once and kept."""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from recur.codecs.plain_text import shorten
from recur.data.sources.kept import kept
from recur.errors import DataError, MissingExtraError, RecurError, require

HUB = "hf"
_URL = re.compile(r"(?P<protocol>[A-Za-z][A-Za-z0-9+.-]+):/+(?P<rest>[^/].*)", re.DOTALL)
# what a store says of a file that differs for every other content
_VERSIONS = (
    "etag",
    "last-modified",
    "lastmodified",
    "mtime",
    "created",
    "generation",
    "content-md5",
    "md5hash",
    "sha256",
)
_PIECE = 2**22
_DATASETS = "datasets/"


def url_of(source: str | Path) -> str | None:
    """Return a source as a URL, or None for a path; a `Path` has lost one of the slashes.

    >>> url_of(Path("s3://bucket/a.csv")), url_of("memory://a.csv"), url_of("data/a.csv"), url_of("C:/a.csv")
    ('s3://bucket/a.csv', 'memory://a.csv', None, None)
    """
    match = _URL.fullmatch(str(source))
    return None if match is None else f"{match['protocol'].lower()}://{match['rest']}"


def name_of(url: str) -> str:
    """Return the name of the file that a URL leads to.

    >>> name_of("https://a.org/data/reviews.csv.gz?download=1")
    'reviews.csv.gz'
    """
    return PurePosixPath(re.split(r"[?#]", url)[0]).name


def fetched(url: str) -> list[tuple[str, Path]]:
    """Return the files of a URL, or of a pattern of URLs, each with its name for messages; fetched once and kept.

    Raises
    ------
    DataError
        When there is no such file, or it cannot be fetched whole.
    MissingExtraError
        When the package of the store is not installed.
    """
    if url.startswith(f"{HUB}://"):
        return _of_hub(url.removeprefix(f"{HUB}://"))
    fsspec = require("fsspec", "data")
    protocol = url.partition("://")[0]
    try:
        store, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        package = _package_of(error) or f"the file system of {protocol}://"
        raise MissingExtraError(
            f"{shorten(url, 120)}: {protocol}:// needs {package}, which is not installed",
            hint=f"pip install {package}" if _package_of(error) else str(error),
        ) from error
    except ValueError as error:
        raise DataError(
            f"{shorten(url, 120)}: there is no store of the protocol {protocol}://; {error}",
            hint="give a path, or s3://, gs://, https://, hf://datasets/USER/NAME",
        ) from error
    paths = _paths(store, path, url)
    whole = protocol in ("http", "https")
    # a URL of the web is its own path
    return [(each if whole else f"{protocol}://{str(each).lstrip('/')}", _copy(store, each, url)) for each in paths]


def _paths(store: Any, path: str, url: str) -> list[str]:
    if not any(sign in path for sign in "*["):
        return [path]
    with _talking(url):
        paths = sorted(str(each) for each in store.glob(path))
    if not paths:
        raise DataError(f"no file matches {shorten(url, 120)}", hint="check the pattern")
    return paths


def _copy(store: Any, path: str, url: str) -> Path:
    with _talking(url):
        info: Mapping[str, Any] = store.info(path)
    if info.get("type") == "directory":
        raise DataError(
            f"{shorten(url, 120)} is a folder; expected a file or a pattern", hint=f"'{url.rstrip('/')}/*.parquet'"
        )
    versions = {name: str(value) for name, value in info.items() if name.lower() in _VERSIONS and value}
    # a store that says nothing of its files may have others of the same size
    identity = f"fetched {url} {path} {info.get('size')} {sorted(versions.items()) or secrets.token_hex(8)}"

    def make(part: Path) -> None:
        with _talking(url), store.open(path, "rb") as source, part.open("wb") as target:
            while piece := source.read(_PIECE):
                target.write(piece)
        size, length = info.get("size"), part.stat().st_size
        # a server that compresses on the way says the size of what it sends
        if isinstance(size, int) and length < size:
            raise DataError(
                f"{shorten(url, 120)}: {length:,} of {size:,} bytes arrived; expected the whole file", hint="try again"
            )

    return kept(identity, name_of(path) or "data", make)


class _talking:
    """Translate what a store raises into a sentence with its URL."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, RecurError) or not isinstance(error, Exception):
            return
        shown = shorten(self._url, 120)
        if isinstance(error, FileNotFoundError):
            raise DataError(f"there is no file {shown}", hint="check the address") from error
        words = " ".join(str(error).split())[:160] or type(error).__name__
        raise DataError(
            f"{shown} cannot be read: {words}", hint="check the address, the network and the rights"
        ) from error


def _package_of(error: ImportError) -> str | None:
    """Return the package that fsspec asks for: ``Install s3fs to access S3``."""
    match = re.search(r"[Ii]nstall\s+['\"`]?(?:\"?)([A-Za-z0-9_.-]+)", str(error))
    return match[1] if match and match[1].lower() not in ("the", "a") else None


def _of_hub(rest: str) -> list[tuple[str, Path]]:
    """Return the files of ``datasets/USER/NAME[@REVISION]/PATTERN`` from the Hugging Face hub, or its local cache."""
    if not rest.startswith(_DATASETS):
        raise DataError(
            f"hf://{shorten(rest, 80)}: expected hf://datasets/USER/NAME/FILES",
            hint="'hf://datasets/USER/NAME/data/*.parquet'",
        )
    user, name, *inside = [*rest.removeprefix(_DATASETS).split("/"), ""]
    repository, _, revision = f"{user}/{name}".partition("@")
    pattern = "/".join(each for each in inside if each) or "**/*.parquet"
    hub = require("huggingface_hub", "data")
    errors = require("huggingface_hub.errors", "data")
    try:
        folder = Path(
            hub.snapshot_download(
                repository, repo_type="dataset", revision=revision or None,
                allow_patterns=[pattern, pattern.removeprefix("**/")],
            )
        )  # fmt: skip
    except (
        errors.HfHubHTTPError,
        errors.LocalEntryNotFoundError,
        errors.HFValidationError,
        OSError,
        ValueError,
    ) as error:
        words = " ".join(str(error).split())[:200]
        raise DataError(
            f"hf://datasets/{repository} cannot be read: {words}",
            hint=f"check name and network; hf download --repo-type dataset {shlex.quote(repository)} fetches it",
        ) from error
    paths = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not paths:
        raise DataError(
            f"hf://datasets/{repository} has no file {pattern}", hint="name its files, such as 'data/*.csv'"
        )
    return [(f"hf://{_DATASETS}{repository}/{path.relative_to(folder).as_posix()}", path) for path in paths]
