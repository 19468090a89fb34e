from __future__ import annotations

from pathlib import Path

import pytest

from gner_bench.errors import GnerBenchError, IncompleteError, InputError, UsageError, did_you_mean


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InputError("a.txt", "is empty"), "a.txt: is empty"),
        (InputError("a.txt", "is cut", line=7), "a.txt, line 7: is cut"),
        (InputError("a.toml", "is missing", field="seed"), "a.toml: seed: is missing"),
        (InputError(Path("x/a.txt"), "is bad", line=1, field="tag"), "x/a.txt, line 1: tag: is bad"),
    ],
)
def test_bad_input_names_file_line_and_field(error: InputError, text: str) -> None:
    assert str(error) == text


def test_the_parts_of_the_message_can_be_read() -> None:
    error = InputError("a.txt", "is bad", line=1, field="tag")
    assert (error.path, error.message, error.line, error.field) == (Path("a.txt"), "is bad", 1, "tag")


@pytest.mark.parametrize(
    ("kind", "code"), [(GnerBenchError, 1), (InputError, 2), (UsageError, 2), (IncompleteError, 6)]
)
def test_each_error_has_its_exit_code(kind: type[GnerBenchError], code: int) -> None:
    assert issubclass(kind, GnerBenchError)
    assert kind.exit_code == code


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crossner_a", "did you mean 'crossner_ai'?"),
        ("MIT-MOVIE", "did you mean 'mit-movie'?"),
        ("anatem", "did you mean 'AnatEM'?"),
        ("zzz", "known: crossner_ai, mit-movie, AnatEM"),
    ],
)
def test_the_nearest_name_is_suggested_whatever_its_case(name: str, said: str) -> None:
    assert did_you_mean(name, ["crossner_ai", "mit-movie", "AnatEM"]) == said
