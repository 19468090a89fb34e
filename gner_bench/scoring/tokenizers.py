"""Which tokenizer back-tokenizes which predictions, where those of several systems or files are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from gner_bench.documents.run import NAME, read_run
from gner_bench.errors import InputError, UsageError, did_you_mean
from gner_bench.files import NamedPath, named_path
from gner_bench.structure.back_tokenizer import tokenizer_file

Given = str | PathLike[str] | Sequence[str] | None
"""What ``--tokenizer`` takes: PATH or ``none`` for files beside which no tokenizer lies, NAME=PATH for one system."""


@dataclass(frozen=True)
class Tokenizers:
    """Paths or ``none``: ``elsewhere`` for files beside which no tokenizer lies, ``named`` for systems in any case.

    ``clean_up_spaces`` is of all of them (see ``load_back_tokenizer``).
    """

    elsewhere: str | None = None
    named: Mapping[str, str] = field(default_factory=dict)
    clean_up_spaces: bool = False

    def of(self, path: Path, alone: bool = False, name: str = "") -> str | None:
        """That of a prediction file or run folder, None for the one beside it, if any.

        Where it is read ``alone``, the tokenizer that is given for no name is meant for it. ``name`` is what it is
        called besides.
        """
        for known in names(NamedPath(path, name)):
            if known in self.named:
                return self.named[known]
        beside = path if path.is_dir() else path.parent
        return self.elsewhere if alone or tokenizer_file(beside) is None else None

    def require_known(self, paths: Sequence[Path | NamedPath]) -> None:
        """Raise UsageError for a name that none of the systems at ``paths`` has."""
        known = [names(path if isinstance(path, NamedPath) else NamedPath(path)) for path in paths]
        for name in self.named:
            if not any(name in of_path for of_path in known):
                close = did_you_mean(name, [of_path[0] for of_path in known])
                raise UsageError(f"--tokenizer {name}={self.named[name]}: no system is called {name!r}; {close}")


BESIDE = Tokenizers()
"""That beside each file, if any."""


def read_tokenizers(given: Given, clean_up_spaces: bool = False) -> Tokenizers:
    """The values of ``--tokenizer``. Raises UsageError for several that are for no name."""
    texts = [given] if isinstance(given, str | PathLike) else list(given or ())
    named, plain = dict[str, str](), list[str]()
    for text in map(str, texts):
        source = named_path(text)
        if source.name:
            named[source.name] = str(source.path)
        else:
            plain.append(text)
    if len(plain) > 1:
        raise UsageError(f"--tokenizer {plain[0]} and {plain[1]}: say which system each is for (NAME=PATH)")
    return Tokenizers(plain[0] if plain else None, named, clean_up_spaces)


def names(source: NamedPath) -> list[str]:
    """What predictions may be called: the name given, their path, their folder or file, the model of their run.json."""
    path = source.path
    folder = path if path.is_dir() else path.parent
    own = folder if path.is_dir() or path.name.startswith("predictions.jsonl") else path
    called = [*filter(None, [source.name]), str(path), own.name.split(".jsonl")[0]]
    with suppress(InputError):  # there is none, or reading the predictions says what is wrong with it
        called.append(read_run(folder / NAME).name)
    return called
