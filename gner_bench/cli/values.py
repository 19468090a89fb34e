"""The values that options take, read from text: errors name the option, in one line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from glob import glob
from pathlib import Path
from typing import Any, Generic, TypeVar

import click
from click.shell_completion import CompletionItem

from gner_bench.cli.completion import dataset_names, of, offer
from gner_bench.demo import CORPUS
from gner_bench.errors import UsageError, did_you_mean, short
from gner_bench.files import NamedPath, named_path
from gner_bench.plugins import Registry, at

T = TypeVar("T")
MOST_THRESHOLDS = 1000
MEAN = "mean"
"""What stands for the mean over data sets."""
LONGEST_CHOICES = 62
"""Characters of the choices that fit into a line of help beside the longest of the options that have such."""


def one_of(names: Sequence[str]) -> str:
    """How help shows that an option takes one of ``names``: all of them, if they fit into a line of it."""
    choices = f"[{'|'.join(names)}]"
    return choices if len(choices) <= LONGEST_CHOICES else "NAME"


class DataRoot(click.ParamType[Path]):
    """A folder; the word ``demo`` stands for the embedded corpus."""

    name = "root"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        return CORPUS if value == "demo" else Path(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return offer(of("demo"), path="dir")(ctx, param, incomplete)


class Names(click.ParamType[tuple[str, ...]]):
    """Names separated by commas, none empty and none twice."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(dict.fromkeys(name.strip() for name in str(value).split(",") if name.strip()))
        if not names:
            self.fail("expected names separated by commas", param, ctx)
        return names


class Text(click.ParamType[str]):
    """Text that files can hold: UTF-8. A command line may have other bytes."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if (shown := text.encode("utf-8", "replace").decode()) != text:
            raise UsageError(f"{shown}: is not UTF-8")
        return text


class SystemFile(click.ParamType[NamedPath]):
    """``FILE`` or ``NAME=FILE``: a file or folder of a system, and what it is called."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> NamedPath:
        if isinstance(value, NamedPath):
            return value
        source = named_path(str(value))
        if source.name and not source.path.exists():
            raise UsageError(f"there is neither {value} nor {source.path} (to be called {source.name!r})")
        return replace(source, name=Text().convert(source.name, param, ctx))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


class Runs(click.ParamType[tuple[str, tuple[Path, ...]]]):
    """``NAME=RUN,RUN,…``: what several runs are called together, and their files or folders, also as patterns."""

    name = "runs"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[Path, ...]]:
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        name = Text().convert(name.strip(), param, ctx)
        if not (name and equals and text.strip(",")):
            raise UsageError(f"--group {short(str(value))}: expected NAME=RUN,RUN")
        return name, tuple(path for part in _listed(text) for path in _matching(part, str(value)))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


def _listed(text: str) -> list[str]:
    """What commas divide; a path that is there and has a comma in its name stays whole."""
    listed: list[str] = []
    parts = text.split(",")
    while parts:
        ends = (end for end in range(len(parts), 1, -1) if Path(",".join(parts[:end])).exists())
        end = next(ends, 1)
        listed.append(",".join(parts[:end]))
        del parts[:end]
    return [path for path in listed if path]


def _matching(text: str, value: str) -> list[Path]:
    """The path, or those that a pattern fits, which the shell leaves alone after ``NAME=``. Raises UsageError."""
    if Path(text).exists():
        return [Path(text)]
    found = [Path(path) for path in sorted(glob(text))]  # noqa: PTH207 - Path.glob takes no absolute pattern
    if not found:
        raise UsageError(f"--group {short(value)}: there is no {short(text)}")
    return found


def grouped(groups: Sequence[tuple[str, tuple[Path, ...]]]) -> dict[str, tuple[Path, ...]]:
    """The runs of each name, also of several options. Raises UsageError for a file that is there twice."""
    by_name: dict[str, tuple[Path, ...]] = {}
    for name, paths in groups:
        by_name[name] = (*by_name.get(name, ()), *paths)
    for name, paths in by_name.items():
        places = [path.absolute() for path in paths]
        for path, place in zip(paths, places, strict=True):
            if places.count(place) > 1:
                raise UsageError(f"--group {name}: {path} is there twice")
    return by_name


class Finite(click.FloatRange):
    """A number in a range; not NaN, which lies outside none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = float(super().convert(value, param, ctx))
        if not math.isfinite(found):
            self.fail(f"{value} is not a number", param, ctx)
        return found


class Registered(click.ParamType[str]):
    """A name of the registry at ``place``, ``module:attribute``, which is imported when it is wanted."""

    def __init__(self, place: str) -> None:
        self.place = place

    @property
    def registry(self) -> Registry[Any]:
        registry: Registry[Any] = at(self.place)
        return registry

    @property
    def name(self) -> str:  # type: ignore[override]  # of the type, in messages
        return self.registry.kind

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return one_of(self.registry.names())

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.registry:
            near = did_you_mean(str(value), self.registry.names())
            self.fail(f"unknown {self.registry.kind} {value!r}; {near}", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return offer(self.registry.names)(ctx, param, incomplete)


class Figure(Registered):
    """``mean``, ``METRIC``, ``METRIC@DATASET`` or ``@DATASET``: a metric and a data set, None where not named."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "mean|[METRIC][@DATASET]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        metric, at, dataset = str(value).partition("@")
        if metric == MEAN and not at:
            return None, None
        known = [MEAN, *self.registry.names()]
        if not (metric or dataset) or metric not in ("", *known[1:]):
            expected = "expected mean, METRIC, METRIC@DATASET or @DATASET"
            raise UsageError(f"--only {short(str(value))}: {expected}; {did_you_mean(metric, known)}")
        return metric or None, dataset if at else None

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        metric, at, dataset = incomplete.partition("@")
        if at:
            found = offer(dataset_names)(ctx, param, dataset)
            return [CompletionItem(f"{metric}@{item.value}") for item in found]
        return offer(of(MEAN), self.registry.names)(ctx, param, incomplete)


class Columns(click.ParamType[dict[str, int]]):
    """``word=2,tag=3``: numbers of columns from 1 by what they hold, one of ``names``."""

    name = "columns"

    def __init__(self, *names: str) -> None:
        self.names = names

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int]:
        if isinstance(value, dict):
            return value
        columns: dict[str, int] = {}
        for pair in str(value).split(","):
            name, _, number = (part.strip() for part in pair.partition("="))
            if name not in self.names or name in columns or not number.isdecimal() or not 0 < int(number) < 10_000:
                wanted = " or ".join(f"{known}=N" for known in self.names)
                self.fail(f"expected {wanted}, separated by commas, N from 1; found {pair.strip()!r}", param, ctx)
            columns[name] = int(number)
        if len(set(columns.values())) < len(columns):
            self.fail("one column cannot hold two of them", param, ctx)
        return columns


class Written(click.ParamType[tuple[str, Path]]):
    """``markdown=comment.md``: one of ``formats`` and the file that it is written to."""

    name = "written"

    def __init__(self, formats: Sequence[str]) -> None:
        self.formats = formats

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        if isinstance(value, tuple):
            return value
        name, _, path = str(value).partition("=")
        if name not in self.formats or not path:
            self.fail(f"expected FORMAT=FILE, FORMAT one of {', '.join(self.formats)}; found {value!r}", param, ctx)
        return name, Path(path)


class Price(click.ParamType[tuple[float, float]]):
    """``0.15,0.6``: dollars for a million tokens of prompts and of answers."""

    name = "price"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        parts = value if isinstance(value, tuple) else str(value).split(",")
        try:
            prices = tuple(map(float, parts))
        except ValueError:
            prices = ()
        if len(prices) != 2 or not all(math.isfinite(price) and price >= 0 for price in prices):
            self.fail(f"expected IN,OUT, two numbers from 0, found {value!r}", param, ctx)
        return prices[0], prices[1]


class Keys(click.ParamType[tuple[str, str]]):
    """``prediction=output``: the key that is expected and what a file calls it."""

    name = "keys"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        expected, _, own = (part.strip() for part in str(value).partition("="))
        if not expected or not own:
            self.fail(f"expected KEY=KEY_IN_FILE, found {value!r}", param, ctx)
        return expected, own


class Parsed(click.ParamType[T], Generic[T]):
    """An option whose text ``parse`` reads; its errors are one line each."""

    name = "text"

    def __init__(self, parse: Callable[[str], T]) -> None:
        self.parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> T:
        try:
            return self.parse(value) if isinstance(value, str) else value
        except UsageError as error:
            raise UsageError(f"{param.opts[0] if param else self.name}: {error}") from None


class BatchTokens(click.IntRange):
    """A number of tokens; ``auto`` leaves it to the memory."""

    name = "tokens"

    def __init__(self) -> None:
        super().__init__(min=1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return None if value == "auto" else super().convert(value, param, ctx)


class Thresholds(click.ParamType[tuple[float, ...]]):
    """``0.3,0.5`` or ``0.1:0.9:0.1``, both ends included: numbers from 0 to 1."""

    name = "thresholds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            numbers = [Decimal(part) for part in str(value).replace(":", ",").split(",")]
            if ":" in str(value):
                first, last, step = numbers
                count = int((last - first) / step) + 1
                numbers = [first + step * index for index in range(count if count <= MOST_THRESHOLDS else 0)]
        except (ArithmeticError, ValueError, OverflowError):
            numbers = []
        if not numbers or not all(number.is_finite() and 0 <= number <= 1 for number in numbers):
            self.fail(f"expected numbers from 0 to 1, as 0.3,0.5 or 0.1:0.9:0.1, found {value!r}", param, ctx)
        return tuple(map(float, numbers))
