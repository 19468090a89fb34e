"""Names in letters that the font of figures lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from gner_bench.report.figures.drawing import fallback
from gner_bench.report.figures.files import drawing
from gner_bench.report.figures.plot import Plot, render
from gner_bench.report.figures.style import LIGHT, SIZES, Style

pytestmark = pytest.mark.slow

NAMES = "\U000f0001\U000f0002"
"""Private letters, which no font that is installed has."""


def _plot(text: str) -> Plot:
    def draw(style: Style) -> Figure:
        figure = Figure(layout="constrained")
        figure.add_subplot().set_title(text)
        return figure

    return Plot("test", "", draw)


@pytest.fixture
def font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A font that has the first of the letters alone, a square."""
    pen = TTGlyphPen(None)
    for place, point in enumerate([(0, 0), (0, 700), (700, 700), (700, 0)]):
        (pen.lineTo if place else pen.moveTo)(point)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "square"])
    builder.setupCharacterMap({ord(NAMES[0]): "square"})
    builder.setupGlyf({".notdef": square, "square": square})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Squares", "styleName": "Regular", "psName": "Squares"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "squares.ttf")
    monkeypatch.setattr(fontManager, "ttflist", [*fontManager.ttflist])
    fontManager.addfont(tmp_path / "squares.ttf")
    return "Squares"


def test_letters_come_from_an_installed_font(font: str) -> None:
    assert fallback(set(NAMES)) == ((font,), frozenset(NAMES[1]))
    boxes: set[str] = set()
    style = Style(SIZES["acl"], LIGHT)
    with_font = render(_plot(NAMES[0]), style, ["svg"], boxes)[".svg"]
    assert boxes == set()
    assert b"Squares" in with_font


def test_letters_of_no_font_are_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    with drawing([_plot(NAMES[0]), _plot(NAMES)], ["png"], SIZES["acl"]) as drawn:
        list(drawn)
    said = capsys.readouterr().err
    assert said.count("Warning: ") == 1
    assert f"no installed font has 2 of the characters in names ({NAMES})" in said


def test_usual_letters_say_nothing_and_look_for_no_font(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gner_bench.report.figures.drawing.fallback", None)
    with drawing([_plot("Ünïcödé ≥ αβγ – …")], ["png"], SIZES["acl"]) as drawn:
        list(drawn)
    assert capsys.readouterr().err == ""
