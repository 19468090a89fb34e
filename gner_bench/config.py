"""TOML and JSON into dataclasses, with errors that name the key and the nearest known one."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Callable
from dataclasses import Field, fields
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from gner_bench.errors import InputError, did_you_mean, first_line, short
from gner_bench.files import read_text

T = TypeVar("T")
MORE = "more"
"""The field of a dataclass that keeps the keys it does not know; one without it refuses them."""
_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)
# Asked for each value of a file, and slow to ask: the catalogue alone has thousands.
_fields: Callable[[Any], tuple[Field[Any], ...]] = cache(fields)
_origin: Callable[[Any], Any] = cache(get_origin)
_options: Callable[[Any], tuple[Any, ...]] = cache(get_args)
DEEPEST = 64
"""Tables and arrays inside each other that a file may hold; ours hold 8."""
LARGEST = 10**31
"""The largest number of files: tokenizers have ``model_max_length`` 10**30 for none."""


def unusable(value: Any) -> str | None:
    """What no file of ours holds and nothing is prepared for in a value of TOML or JSON; None where it is usable."""
    level = [value]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
            elif isinstance(item, float) and not math.isfinite(item):
                return "holds a number that is not finite (NaN or Infinity)"
            elif isinstance(item, int) and abs(item) > LARGEST:
                return "holds a number of more than 31 digits"
        if not inner:
            return None
        level = inner
    return f"holds arrays or tables more than {DEEPEST} deep"


def read_toml(path: Path) -> dict[str, Any]:
    """The table of a file. Raises InputError for one that cannot be read and for what is not TOML."""
    text = read_text(path)
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of TOML, and of Python's for numbers of many digits
        raise InputError(path, f"is not TOML: {first_line(error)}") from None
    if reason := unusable(table):
        raise InputError(path, reason)
    return table


def read_config(kind: type[T], path: Path) -> T:
    """Read the TOML file ``path`` into the dataclass ``kind``. Raises InputError for a file that is not TOML and for a
    key that is missing, unknown or of another type."""
    return build(kind, read_toml(path), path)


def build(kind: type[T], table: Any, path: Path, field: str = "") -> T:
    """The dataclass ``kind`` from a table of TOML or an object of JSON that is at ``field`` of the file ``path``.

    Tables become nested dataclasses, arrays tuples, tables with free keys dicts, strings paths where these are wanted.
    Raises InputError naming the key.
    """
    if not isinstance(table, dict):
        raise InputError(path, "expected a table", field=field)
    hints, at = _hints(kind), f"{field}." if field else ""
    # A key that is a word of Python's own has a field with an underscore after it.
    names = {spec.name.removesuffix("_"): spec.name for spec in _fields(kind)}
    unknown = {key: value for key, value in table.items() if key not in names or key == MORE}
    if unknown and MORE not in hints:
        key = next(iter(unknown))
        raise InputError(path, f"unknown key; {did_you_mean(key, list(names))}", field=f"{at}{key}")
    for spec in _fields(kind):
        required = spec.default is dataclasses.MISSING and spec.default_factory is dataclasses.MISSING
        if required and spec.name not in table:
            raise InputError(path, "is missing", field=f"{at}{spec.name}")
    known = {key: value for key, value in table.items() if key not in unknown}
    values = {names[key]: _value(hints[names[key]], value, path, f"{at}{key}") for key, value in known.items()}
    return kind(**values, **({MORE: unknown} if unknown else {}))


def _value(hint: Any, value: Any, path: Path, field: str) -> Any:
    options = _options(hint) if _origin(hint) in (Union, UnionType) else (hint,)
    options = tuple(option for option in options if option is not type(None))
    if value is None and options != (hint,):
        return None
    if len(options) > 1:  # one value or an array of such
        arrays = [option for option in options if (_origin(option) is tuple) == isinstance(value, list)]
        options = tuple(arrays) or options
    # An optional value is read as what it is where it is there; of other unions plain types alone are read.
    hint = options[0] if len(options) == 1 else hint
    if hint is Any:
        return value
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return build(hint, value, path, field)
    if _origin(hint) is tuple:
        if not isinstance(value, list):
            raise InputError(path, "expected an array", field=field)
        inner = _options(hint)
        if Ellipsis in inner:
            inner = inner[:1] * len(value)
        elif len(inner) != len(value):
            raise InputError(path, f"expected an array of {len(inner)}, found {len(value)}", field=field)
        pairs = enumerate(zip(inner, value, strict=True))
        return tuple(_value(hint, item, path, f"{field}[{index}]") for index, (hint, item) in pairs)
    if _origin(hint) is dict and isinstance(value, dict):
        return {key: _value(_options(hint)[1], item, path, f"{field}.{key}") for key, item in value.items()}
    if _origin(hint) is Literal:
        if not isinstance(value, str) or value not in _options(hint):
            message = f"unknown value {short(value)}; {did_you_mean(str(value), list(_options(hint)))}"
            raise InputError(path, message, field=field)
        return value
    if hint is Path and isinstance(value, str):
        return Path(value)
    kinds = tuple(str if option is Path else _origin(option) or option for option in options)
    # In Python True is a whole number, in TOML and JSON it is not; a whole number is a number everywhere.
    fits = bool in kinds if isinstance(value, bool) else isinstance(value, kinds)
    if not fits and not (float in kinds and type(value) is int):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise InputError(path, f"expected {wanted}, found {short(value)}", field=field)
    return value


def plain(value: Any) -> Any:
    """A dataclass as JSON: its fields in their order, the keys it did not know at the end."""
    if dataclasses.is_dataclass(value):
        document = {spec.name: plain(getattr(value, spec.name)) for spec in fields(value)}
        unknown = document.pop(MORE, {})
        return {**document, **unknown}
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, tuple | list) else value
