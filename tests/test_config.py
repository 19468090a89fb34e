from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from gner_bench.config import read_config
from gner_bench.errors import InputError


@dataclass(frozen=True)
class Part:
    name: str
    share: float = 0.5


@dataclass(frozen=True)
class Settings:
    title: str
    steps: int = 1
    rate: float = 0.1
    quick: bool = False
    limit: int | None = None
    order: Literal["file", "shuffled"] = "file"
    names: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    mix: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Nested:
    part: Part


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refusal(path: Path, text: str, kind: type = Settings) -> str:
    """What is said about ``text``, after the name of the file."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_config(kind, path)
    return str(caught.value).removeprefix(f"{path}: ")


def test_reads_every_kind_of_value(config: Path) -> None:
    config.write_text(
        'title = "Zoë"\nsteps = 3\nrate = 2.5\nquick = true\nlimit = 7\norder = "shuffled"\nnames = ["a", "b"]\n'
        'mix = { a = 0.5 }\n[[parts]]\nname = "x"\n[[parts]]\nname = "y"\nshare = 0.25\n',
        encoding="utf-8",
    )
    assert read_config(Settings, config) == Settings(
        title="Zoë",
        steps=3,
        rate=2.5,
        quick=True,
        limit=7,
        order="shuffled",
        names=("a", "b"),
        parts=(Part("x"), Part("y", 0.25)),
        mix={"a": 0.5},
    )


def test_keys_with_defaults_may_be_left_out(config: Path) -> None:
    config.write_text('title = "t"')
    assert read_config(Settings, config) == Settings("t")


def test_a_table_becomes_the_nested_dataclass(config: Path) -> None:
    config.write_text('[part]\nname = "x"\n')
    assert read_config(Nested, config) == Nested(Part("x"))


def test_an_integer_does_for_a_float(config: Path) -> None:
    config.write_text('title = "t"\nrate = 2\n')
    assert read_config(Settings, config).rate == 2


def test_an_unknown_key_gets_the_nearest_one(config: Path) -> None:
    assert refusal(config, 'title = "t"\nstep = 1\n') == "step: unknown key; did you mean 'steps'?"


def test_an_unknown_key_like_no_other_gets_all_of_them(config: Path) -> None:
    assert refusal(config, '[part]\nname = "x"\nzzz = 1\n', Nested) == "part.zzz: unknown key; known: name, share"


def test_a_missing_key_is_named(config: Path) -> None:
    assert refusal(config, "steps = 1\n") == "title: is missing"


def test_a_missing_key_of_an_array_of_tables_is_numbered(config: Path) -> None:
    text = 'title = "t"\n[[parts]]\nname = "x"\n[[parts]]\nshare = 1.0\n'
    assert refusal(config, text) == "parts[1].name: is missing"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("steps = true", "steps: expected int, found True"),
        ("steps = 1.0", "steps: expected int, found 1.0"),
        ('steps = "1"', "steps: expected int, found '1'"),
        ("rate = false", "rate: expected float, found False"),
        ("quick = 1", "quick: expected bool, found 1"),
        ('limit = "all"', "limit: expected int, found 'all'"),
        ("order = 1", "order: unknown value 1; known: file, shuffled"),
        ('names = "a"', "names: expected an array"),
        ('names = ["a", 2]', "names[1]: expected str, found 2"),
        ('parts = ["x"]', "parts[0]: expected a table"),
        ("mix = 1", "mix: expected dict, found 1"),
    ],
)
def test_a_value_of_another_type_is_named_and_shown(config: Path, line: str, said: str) -> None:
    assert refusal(config, f'title = "t"\n{line}\n') == said


def test_a_value_in_place_of_a_table(config: Path) -> None:
    assert refusal(config, "part = 3\n", Nested) == "part: expected a table"


def test_a_file_that_is_not_toml_says_where(config: Path) -> None:
    said = refusal(config, 'title = "t"\nsteps = \n')
    assert said.startswith("is not TOML")
    assert "line 2" in said


def test_a_file_that_is_not_utf8(config: Path) -> None:
    config.write_bytes(b'title = "caf\xe9"\n')
    with pytest.raises(InputError, match=r"config\.toml, line 1: is not UTF-8 text"):
        read_config(Settings, config)


def test_a_missing_file(config: Path) -> None:
    with pytest.raises(InputError, match=r"config\.toml: No such file"):
        read_config(Settings, config)
