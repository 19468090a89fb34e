"""What can be extended from outside: registries of modules of this package and of entry points of other packages.

A package adds a metric, a backend, an answer format or a data format by an entry point in its pyproject.toml::

    [project.entry-points."gner_bench.metrics"]
    head = "my_package.metrics:HEAD"

The names of entry points are read without importing anything, so that the command starts fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gner_bench.errors import UsageError, did_you_mean
from gner_bench.messages import one_line, warn

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


def at(place: str) -> Any:
    """What is at ``module:attribute``, imported when it is asked for."""
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute)


@dataclass(frozen=True)
class Registry(Generic[T]):
    """Things of one ``kind`` (such as ``metric``) by name, each imported when it is first asked for.

    ``builtin`` maps the names of this package to ``module:attribute``; entry points of ``group`` come after them, in
    alphabetical order, and cannot take the place of one. What is registered must be an instance of ``cls``.
    """

    group: str
    kind: str
    cls: type[T]
    builtin: Mapping[str, str]
    _loaded: dict[str, T] = field(default_factory=dict, compare=False, repr=False)
    _warned: set[str] = field(default_factory=set, compare=False, repr=False)

    @cached_property
    def plugins(self) -> dict[str, EntryPoint]:
        """The entry points of other packages by name."""
        from importlib.metadata import entry_points  # which takes a tenth of the time that --help has

        points = sorted(entry_points(group=self.group), key=lambda point: point.name)
        return {point.name: point for point in points if point.name not in self.builtin}

    def __contains__(self, name: object) -> bool:
        # The packages that are installed are looked through only for a name that is not of this one.
        return name in self.builtin or name in self.plugins

    def names(self) -> list[str]:
        """All names, without importing anything."""
        return [*self.builtin, *self.plugins]

    def package(self, name: str) -> str:
        """The package that registers ``name``."""
        point = self.plugins.get(name)
        return (point.dist.name if point.dist else "unknown") if point else "gner-bench"

    def get(self, name: str) -> T:
        """What is registered as ``name``. Raises UsageError for an unknown name, and for a plug-in that is broken."""
        if name in self._loaded:
            return self._loaded[name]
        if name in self.builtin:
            self._loaded[name] = at(self.builtin[name])
            return self._loaded[name]
        if name not in self.plugins:
            raise UsageError(f"unknown {self.kind} {name!r}; {did_you_mean(name, self.names())}")
        plugin = f"the {self.kind} {name!r} of {self.package(name)}"
        try:
            loaded: Any = self.plugins[name].load()
        except Exception as error:  # whatever a foreign module raises while it is imported
            reason = one_line(f"{type(error).__name__}: {error}")
            raise UsageError(f"{plugin} cannot be loaded ({reason})") from error
        if not isinstance(loaded, self.cls):
            raise UsageError(f"{plugin} is a {type(loaded).__name__}, not a {self.cls.__name__}")
        self._loaded[name] = loaded
        return loaded

    def usable(self) -> dict[str, T]:
        """All that can be imported, by name; a broken plug-in is left out with one warning that names it."""
        usable = {}
        for name in self.names():
            try:
                usable[name] = self.get(name)
            except UsageError as error:
                if name in self.builtin:
                    raise
                if name not in self._warned:
                    self._warned.add(name)
                    warn(str(error))
        return usable
