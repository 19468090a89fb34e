"""TOML files into dataclasses, with errors that name the key and the nearest known one."""

from __future__ import annotations

import dataclasses
import tomllib
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from gner_bench.errors import InputError, did_you_mean

T = TypeVar("T")


def read_config(kind: type[T], path: Path) -> T:
    """Read ``path`` into the dataclass ``kind``, tables into nested ones, arrays of tables into tuples of them,
    tables with free keys into dicts.

    Raises InputError for a file that is not TOML and for a key that is missing, unknown or of another type.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not TOML: {error}") from None
    built: T = _Key(path, "").build(kind, table)
    return built


@dataclasses.dataclass(frozen=True)
class _Key:
    """Where in the file we are."""

    path: Path
    name: str

    def error(self, message: str) -> InputError:
        return InputError(self.path, message, field=self.name or None)

    def at(self, key: str) -> _Key:
        return _Key(self.path, f"{self.name}.{key}" if self.name else key)

    def build(self, kind: Any, table: Any) -> Any:
        if not isinstance(table, dict):
            raise self.error("expected a table")
        hints = _hints(kind)
        for name in table:
            if name not in hints:
                raise self.at(name).error(f"unknown key; {did_you_mean(name, list(hints))}")
        for spec in dataclasses.fields(kind):
            if _required(spec) and spec.name not in table:
                raise self.at(spec.name).error("is missing")
        return kind(**{name: self.at(name).value(hints[name], value) for name, value in table.items()})

    def value(self, hint: Any, value: Any) -> Any:
        hint = _without_none(hint)
        if dataclasses.is_dataclass(hint):
            return self.build(hint, value)
        if get_origin(hint) is tuple:
            if not isinstance(value, list):
                raise self.error("expected an array")
            inner = get_args(hint)[0]
            return tuple(_Key(self.path, f"{self.name}[{i}]").value(inner, item) for i, item in enumerate(value))
        if get_origin(hint) is dict and isinstance(value, dict):
            return {key: self.at(key).value(get_args(hint)[1], item) for key, item in value.items()}
        if get_origin(hint) is Literal:
            return self.choice(list(get_args(hint)), value)
        if not _fits(value, _plain_types(hint)):
            raise self.error(f"expected {' or '.join(t.__name__ for t in _plain_types(hint))}, found {value!r}")
        return value

    def choice(self, allowed: list[str], value: Any) -> Any:
        if value not in allowed:
            raise self.error(f"unknown value {value!r}; {did_you_mean(str(value), allowed)}")
        return value


_hints = cache(get_type_hints)


def _required(spec: dataclasses.Field[Any]) -> bool:
    return spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING


def _without_none(hint: Any) -> Any:
    """The type of an optional value, which a file gives or leaves out."""
    options = [option for option in get_args(hint) if option is not type(None)]
    return options[0] if get_origin(hint) in (Union, UnionType) and len(options) == 1 else hint


def _plain_types(hint: Any) -> list[type]:
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return [get_origin(option) or option for option in options if option is not type(None)]


def _fits(value: Any, kinds: list[type]) -> bool:
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, tuple(kinds)) or (float in kinds and isinstance(value, int))
