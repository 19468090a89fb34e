from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from gner_bench.errors import GnerBenchError, InputError
from gner_bench.messages import one_line
from gner_bench.report.analysis import mistakes_by_set, pooled
from gner_bench.report.contents import Contents, prepare
from gner_bench.report.figures import by_size, confusion, differences, errors, lengths, per_set, reliability, speed
from gner_bench.report.figures.confusion import heat_of
from gner_bench.report.figures.drawing import cut, labels, text_width
from gner_bench.report.figures.files import Painter, drawing
from gner_bench.report.figures.labels import label_points
from gner_bench.report.figures.pdf import small_fonts
from gner_bench.report.figures.plot import Files, NoData, Plot, Point, names_and_note, render
from gner_bench.report.figures.registry import FIGURES, collect
from gner_bench.report.figures.style import DARK, FONT, LIGHT, SERIES, SIZES, Style, StyleName
from gner_bench.report.figures.svg import embedded, in_dark
from gner_bench.report.load import load_system

pytestmark = pytest.mark.slow

ScoresFile = Callable[..., Path]
SEVEN = ("crossner_ai", "crossner_literature", "crossner_music", "crossner_politics", "crossner_science")
SEVEN += ("mit-movie", "mit-restaurant")
NASTY = r"50%_of {\bf x} & $y$ #1 ~ ^ | <b> [o] * `q` — https://x.y"
CONFIDENT = {"confidence": [0.9, 0.8, 0.95, 1.0, 0.4]}
ACL = Style(SIZES["acl"], LIGHT)


def run_of(speed: float) -> dict[str, Any]:
    return {"device": "cuda", "throughput": {"generating": {"sentences_per_second": speed}}}


MADE: dict[str, list[dict[str, Any]]] = {
    "two systems": [
        {"name": name, "right": dict.fromkeys(SEVEN, share), "parameters": size, "generation": CONFIDENT}
        for name, share, size in (("base", 0.4, 248_000_000), ("large", 0.7, 783_000_000))
    ],
    "five systems": [
        {"name": f"system-{i}", "right": dict.fromkeys(SEVEN, 0.2 * i), "parameters": 10**7 * (i + 1) ** 4}
        for i in range(5)
    ],
    "long names": [
        {"name": NASTY * (i + 1), "right": {**dict.fromkeys(SEVEN[:3], share), NASTY: 0.5}, "note": "a note " * 9}
        | {"types": (NASTY, "type_with_underscores_and_no_space_at_all", "x"), "generation": CONFIDENT}
        for i, share in enumerate((0.3, 0.9))
    ],
    "18 sets": [{"name": name, "right": {f"data_set_{i}": 0.5 for i in range(18)}} for name in ("a", "b")],
    "nothing right": [{"name": "a", "right": dict.fromkeys("xyz", 0.0), "resamples": r} for r in (20, 0)],
}
"""Reports that have something for every figure, or little."""
PRINTED = [*((case, "acl") for case in MADE), ("two systems", "slides")]


@pytest.fixture(params=PRINTED, ids=": ".join)
def printed(request: pytest.FixtureRequest, scores_file: ScoresFile) -> tuple[Contents, Style]:
    """A report, and how it is printed."""
    case, name = request.param
    style_name: StyleName = name
    paths = [scores_file(f"run{index}", **each) for index, each in enumerate(MADE[case])]
    for index, path in enumerate(paths):
        (path.parent / "run.json").write_text(json.dumps(run_of(5.0 * 2**index)))
    return prepare(paths, baseline=str(paths[0])), Style(SIZES[style_name], LIGHT)


def drawn(plot: Plot, style: Style) -> Figure:
    """The figure as it is saved."""
    with matplotlib.style.context(["default", style.settings()]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = plot.draw(style)
        figure.set_dpi(200)
        figure.draw_without_rendering()
    return figure


def shown(figure: Figure) -> Iterator[tuple[Text, Bbox]]:
    """The texts that can be seen, with their places in dots."""
    hidden = {id(label) for axes in figure.axes for label in _out_of_view(axes)}
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in hidden:
            yield text, Text.get_window_extent(text)


def _out_of_view(axes: Axes) -> Iterator[Text]:
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        slack = 1e-6 * (high - low)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - slack <= tick.get_loc() <= high + slack:
                yield from (tick.label1, tick.label2)


def test_figures_have_their_size_and_nothing_is_cut_off_too_small_or_covered(printed: tuple[Contents, Style]) -> None:
    contents, style = printed
    plots = {re.sub(r"_\d$", "", plot.name): plot for plot in collect(contents).plots}
    assert plots
    for plot in plots.values():
        figure = drawn(plot, style)
        width, height = figure.get_size_inches()
        assert width == (style.sizes.text if plot.wide else style.sizes.column)
        assert height <= 9
        assert style.sizes.height in (None, height)
        texts = list(shown(figure))
        for text, box in texts:
            said = f"{plot.name}: {text.get_text()!r} at {box.extents} in {figure.bbox.extents}"
            assert text.get_fontsize() >= 7, said
            assert box.x0 >= -2, said
            assert box.y0 >= -2, said
            assert box.x1 <= figure.bbox.x1 + 2, said
            assert box.y1 <= figure.bbox.y1 + 2, said
        upright = [(text, box) for text, box in texts if text.get_rotation() in (0, 90)]
        for (one, box), (other, beside) in combinations(upright, 2):
            width = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            height = min(box.y1, beside.y1) - max(box.y0, beside.y0)
            # Boxes have room for letters that reach high and low.
            covers = width > 3 and height > 0.35 * min(box.height, beside.height)
            assert not covers, f"{plot.name}: {one.get_text()!r} covers {other.get_text()!r}"


@pytest.mark.parametrize(("kind", "theme"), [("png", LIGHT), ("svg", DARK), ("pdf", LIGHT)], ids=["png", "svg", "pdf"])
def test_saved_bytes_are_the_same_each_time_and_tell_no_date(scores_file: ScoresFile, kind: Any, theme: Any) -> None:
    contents = prepare([scores_file()])
    [plot] = errors.plots(contents)
    first, second = (render(plot, Style(SIZES["acl"], theme), [kind])[f".{kind}"] for _ in range(2))
    assert first == second
    assert not [each for each in (b"Software", b"<dc:date>", b"CreationDate") if each in first]


def test_fonts_are_embedded_and_svg_needs_none(scores_file: ScoresFile) -> None:
    [plot] = errors.plots(prepare([scores_file()]))
    files = render(plot, ACL, ["svg", "pdf"])
    assert b"/FontFile2" in files[".pdf"]
    assert b"/Type3" not in files[".pdf"]
    assert b"<text" not in files[".svg"]


def test_a_dark_svg_is_the_light_one_in_other_colours(scores_file: ScoresFile) -> None:
    """Of the heat map, the bars and the lines, whose colours are in all of the ways that matplotlib writes them."""
    contents = prepare([scores_file(right={"a": 0.5, "b": 0.1})])
    for plot in (*errors.plots(contents), *confusion.plots(contents), *per_set.plots(contents)):
        light, dark = (render(plot, Style(SIZES["acl"], theme), ["svg"])[".svg"].decode() for theme in (LIGHT, DARK))
        # Identifiers of marks are hashes of their colours too.
        first, second = (re.sub(r"(?<=[#\"])[mhp][0-9a-f]{10}", "", text) for text in (in_dark(light), dark))
        assert first == second
        assert first != light


def test_a_dark_png_is_what_the_dark_theme_draws(scores_file: ScoresFile) -> None:
    contents = prepare([scores_file(right={"a": 0.5, "b": 0.1})])
    for plot in (*errors.plots(contents), *confusion.plots(contents), *per_set.plots(contents)):
        light, dark = (render(plot, Style(SIZES["acl"], theme), ["png"]) for theme in (LIGHT, DARK))
        assert light["_dark.png"] == dark[".png"], plot.name
        assert light["_dark.png"] != light[".png"]


def _draw_text(text: str, style: Style) -> Figure:
    figure = Figure(figsize=(1, 1))
    figure.text(0, 0.5, text, color=style.colour(0))
    return figure


def _draw_nothing(style: Style) -> Figure:
    raise ValueError("no room\nfor it")


def _kill(style: Style) -> Figure:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@contextmanager
def _drawn_by(way: str, plots: Sequence[Plot]) -> Iterator[Iterator[tuple[Plot, Files]]]:
    """In this process, or by a painter that is there before the plots are."""
    painter = Painter(2, ["png", "html"]) if way == "painter" else None
    try:
        with drawing(plots, ["png", "html"], SIZES["acl"], painter) as drawn:
            yield drawn
    finally:
        if painter:
            painter.close()


def test_processes_change_no_byte() -> None:
    plots = [Plot(name, "", partial(_draw_text, name)) for name in ("b", "a", "c")]
    found = []
    for way in ("one", "painter"):
        with _drawn_by(way, plots) as drawn:
            found.append([(plot.name, files) for plot, files in drawn])
    assert found[0] == found[1]
    assert [(name, set(files)) for name, files in found[0]] == [
        (name, {".png", ".svg", "_dark.svg", "_dark.png"}) for name in "bac"
    ]


@pytest.mark.parametrize("way", ["one", "painter"])
def test_a_figure_that_fails_is_named_in_one_line(way: str) -> None:
    with (
        pytest.raises(GnerBenchError, match=r"^the figure bad cannot be drawn \(ValueError: no room\)$"),
        _drawn_by(way, [Plot("bad", "", _draw_nothing)] * 2) as drawn,
    ):
        list(drawn)


def test_a_process_that_is_killed_is_told() -> None:
    with (
        pytest.raises(GnerBenchError, match="a process that drew figures was killed"),
        _drawn_by("painter", [Plot("bad", "", _kill)] * 2) as drawn,
    ):
        list(drawn)


def test_a_painter_that_is_killed_is_told() -> None:
    painter = Painter(2, ["png"])
    os.kill(painter.pid, signal.SIGKILL)
    with (
        pytest.raises(GnerBenchError, match="a process that drew figures was killed"),
        drawing([Plot("a", "", partial(_draw_text, "a"))], ["png"], SIZES["acl"], painter=painter) as drawn,
    ):
        list(drawn)
    painter.close()


def test_a_painter_without_work_ends() -> None:
    painter = Painter(2, ["png"])
    painter.close()
    with pytest.raises(ProcessLookupError):
        os.kill(painter.pid, 0)


def test_fonts_in_pdf_are_without_what_is_not_read(scores_file: ScoresFile) -> None:
    from fontTools import subset

    usual = subset.load_font
    with small_fonts():
        font = subset.load_font(findfont(FontProperties(family=FONT)), subset.Options())
    # What ISO 32000-2, 9.9.1, names for a TrueType font in a CIDFontType2, and no table by which glyphs are found.
    assert {"glyf", "head", "hhea", "hmtx", "loca", "maxp", "cvt ", "fpgm", "prep"} <= set(font.keys())
    assert not {"GPOS", "GSUB", "GDEF", "cmap", "post", "OS/2"} & set(font.keys())
    assert subset.load_font is usual


def test_names_that_look_like_markup_are_none_in_a_page() -> None:
    def draw(style: Style) -> Figure:
        figure = Figure()
        figure.text(0, 0.5, "--><script>alert(1)</script><!-- --!><b>")
        return figure

    markup = embedded(render(Plot("test", "", draw), ACL, ["svg"])[".svg"].decode(), "test")
    assert not re.search("script|<b>|<!--|style", markup)


def test_a_users_settings_of_matplotlib_neither_count_nor_change(scores_file: ScoresFile) -> None:
    [plot] = errors.plots(prepare([scores_file()]))
    plain = render(plot, ACL, ["png"])[".png"]
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "text.parse_math": True}):
        assert render(plot, ACL, ["png"])[".png"] == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_series_differ_without_colour() -> None:
    bars, lines = map(ACL.bar, range(SERIES)), [ACL.line_and_marker(index) for index in range(SERIES)]
    assert len({bar["hatch"] for bar in bars}) == SERIES
    for way in ("marker", "linestyle"):
        assert len({str(line[way]) for line in lines}) == SERIES
    all_bars = map(ACL.bar, range(SERIES**2))
    assert len({(bar["facecolor"], bar["hatch"]) for bar in all_bars}) == SERIES**2


def test_bars_are_measured_and_marks_are_quoted(scores_file: ScoresFile) -> None:
    contents = prepare([scores_file(right=dict.fromkeys(SEVEN, 0.5), sentences=40)])
    [plot] = per_set.plots(contents)
    figure = drawn(plot, ACL)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[0] == "gner-tiny"
    assert figure.legends[0].get_title().get_text() == "measured: test, 40 sentences"
    assert all(name.startswith("GNER-") and name.endswith("(quoted)") for name in names[1:])
    [bars] = figure.axes[0].patches
    expected = [entry.f1 for entry in contents.tables[contents.metric][0].rows[0].entries if entry]
    assert list(np.asarray(bars.get_path().vertices)[2::5, 1]) == expected  # the third corner of each bar
    marks = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == "none"]
    assert [list(line.get_ydata())[:2] for line in marks][1] == [56.83, 58.68]


def test_chosen_quoted_rows_are_the_ones_shown(scores_file: ScoresFile) -> None:
    contents = prepare([scores_file(right=dict.fromkeys(SEVEN, 0.5))], published=["UniNER-*", "InstructUIE"])
    [table] = contents.tables[contents.metric]
    assert [row.system for row in per_set.shown_quoted(table)] == ["InstructUIE", "UniNER-7B", "UniNER-13B"]


def test_size_needs_a_count_and_a_mean_and_leaves_out_other_gold(scores_file: ScoresFile) -> None:
    contents = prepare([scores_file(right=dict.fromkeys(SEVEN, 0.5))])
    [plot] = by_size.plots(contents)
    labels = {text.get_text() for text in drawn(plot, ACL).axes[0].texts}
    assert {"gner-tiny", "GNER-T5-base", "GoLLIE-7B"} <= labels
    assert "ChatGPT" not in labels
    assert "Quoted rows that score other gold are left out." in plot.caption
    with pytest.raises(NoData, match="known size"):
        by_size.plots(prepare([scores_file(parameters=None)]))


def test_differences_are_those_of_the_paired_test(scores_file: ScoresFile) -> None:
    paths = [scores_file("a", name="a"), scores_file("b", name="b", right={"crossner_ai": 0.95, "mit-movie": 0.25})]
    contents = prepare(paths, baseline="a")
    [plot] = differences.plots(contents)
    figure = drawn(plot, ACL)
    [changes] = contents.changes("gner")
    lines = figure.axes[0].lines[1:-1]
    points = {float(line.get_ydata()[0]): line for line in lines[1::2]}
    assert [float(line.get_xdata()[0]) for line in points.values()] == [
        100 * each.difference for each in changes.differences
    ]
    filled = [line.get_markerfacecolor() != LIGHT.background for line in points.values()]
    assert filled == [each.significant for each in changes.differences]
    assert filled[:2] == [True, False]
    with pytest.raises(NoData, match="no --baseline"):
        differences.plots(prepare(paths))


def test_errors_are_drawn_for_every_100_gold_entities(scores_file: ScoresFile) -> None:
    contents = prepare([scores_file(right={"a": 0.5})])
    [plot] = errors.plots(contents)
    [axes] = drawn(plot, ACL).axes
    counts = mistakes_by_set(contents.systems[0])["a"].classes
    assert [float(np.ptp(np.asarray(bars.get_path().vertices)[:5, 0])) for bars in axes.patches] == pytest.approx(
        [100 * counts[kind] / 120 for kind in errors.WRONG]
    )


def test_rows_of_the_heat_map_add_up(scores_file: ScoresFile) -> None:
    parts = mistakes_by_set(load_system(scores_file(right={"a": 0.5, "b": 0.1})))
    confusion = pooled(parts.values()).confusion
    heat = heat_of(confusion, ["person", "place", "nowhere"])
    assert [sum(row) for row in heat.shares] == pytest.approx([100, 100, 0])
    assert heat.columns[-2:] == ["other types", "missed"]
    assert heat.shares[0][0] == pytest.approx(100 * confusion["person", "person"] / 80)


def test_lengths_are_f1_of_the_counts(scores_file: ScoresFile) -> None:
    path = scores_file(right={"a": 0.5})
    document = json.loads(path.read_text())
    document["datasets"]["a"]["errors"]["by_entity_length"]["2"] = [1, 2, 3]
    path.write_text(json.dumps(document))
    contents = prepare([path])
    [plot] = lengths.plots(contents)
    [axes] = drawn(plot, ACL).axes  # all sentences are of one length
    right, predicted, gold = mistakes_by_set(contents.systems[0])["a"].by_entity_length["1"]
    [line] = axes.lines
    assert list(line.get_ydata()) == pytest.approx([200 * right / (predicted + gold), 40])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1\n(120)", "2\n(3)"]
    assert "by the length of entities." in plot.caption


def test_reliability_pools_the_bins_of_all_data_sets(scores_file: ScoresFile) -> None:
    path = scores_file(right={"a": 0.5, "b": 0.25}, generation=CONFIDENT)
    system = load_system(path)
    parts = [each.analysis.json()["calibration"] for each in system.scores.sets.values()]
    bins = reliability.bins_of(system)
    assert [each.count for each in bins] == [
        sum(part["reliability"][i]["count"] for part in parts) for i in range(len(bins))
    ]
    whole = sum(part["entities"] for part in parts)
    assert sum(each.count for each in bins) == whole
    one = load_system(scores_file("one", right={"a": 0.5}, generation=CONFIDENT))
    stored = one.scores.sets["a"].analysis.json()["calibration"]["ece"]
    assert reliability.calibration_error(reliability.bins_of(one)) == pytest.approx(stored, abs=2e-6)
    document = json.loads(path.read_text())
    document["datasets"]["a"]["calibration"]["reliability"][9]["correct"] = 10**6
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"datasets\.a\.calibration"):
        reliability.bins_of(load_system(path))


@pytest.mark.parametrize("run", [{}, {"throughput": None}, run_of(0), run_of(float("nan")), run_of(True), {"a": 1}])
def test_runs_without_usable_throughput_have_none(run: dict[str, Any], scores_file: ScoresFile) -> None:
    path = scores_file()
    for content, expected in ((run, None), (run_of(2.5), 2.5)):
        (path.parent / "run.json").write_text(json.dumps(content))
        assert speed.sentences_per_second(load_system(path).run) == expected
    assert speed.sentences_per_second(None) is None


def test_legends_have_a_letter_for_what_is_to_be_known_of_some_systems_alone(scores_file: ScoresFile) -> None:
    right = dict.fromkeys(SEVEN, 0.5)
    many = [scores_file(name, name=name, right=right, sentences=count) for name, count in (("a", 40), ("b", 9))]
    [table] = prepare([*many, scores_file("c", name="c", right=right, sentences=9)]).tables["gner"]
    names, note = names_and_note([row for row in table.rows if not row.quoted or row.system == "GNER-T5-base"])
    assert names == ["a [a]", "b [b]", "c [b]", "GNER-T5-base (quoted)"]
    assert note == "[a] test, 40 sentences\n[b] test, 9 sentences"


def test_labels_of_a_crowd_cover_neither_points_nor_each_other() -> None:
    figure = Figure(figsize=(6.3, 3.6))
    axes = figure.add_subplot()
    axes.set(xlim=(0, 10), ylim=(0, 10))
    points = [
        Point(f"system number {index}", 4 + 0.1 * (index % 4), 5 + 0.2 * index, index % 2 == 0) for index in range(12)
    ]
    label_points(axes, ACL, points)
    figure.draw_without_rendering()
    boxes = [Text.get_window_extent(text) for text in axes.texts]
    assert [text.get_text() for text in axes.texts] == [
        point.label for point in sorted(points, key=lambda each: not each.bold)
    ]
    for index, box in enumerate(boxes):
        assert not box.count_overlaps(boxes[index + 1 :])
        assert not any(box.contains(*axes.transData.transform((point.x, point.y))) for point in points)


@pytest.mark.parametrize("text", ["short", "a" * 99, NASTY * 3, "漢字" * 40, " "])
def test_names_are_cut_to_their_room(text: str) -> None:
    for room, wider in pairwise((30.0, 80.0, 300.0)):
        found = cut(text, 7.0, room)
        assert text_width(found, 7.0) <= room
        assert len(found) <= len(cut(text, 7.0, wider))
    assert cut(text, 7.0, 1e6) == text.strip()


SHARED = st.text(max_size=30) | st.sampled_from(
    ["", "gner-t5-large-", "/a/very/long/path/to/checkpoints/" * 3, "模型" * 40]
)
"""What names of one example begin or end with."""


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1]), st.text(max_size=60), st.sampled_from([0, 1])), min_size=1, max_size=20
    ),
    st.tuples(SHARED, SHARED),
    st.floats(45, 200),
)
@example([(1, "", 1), (1, "a", 1), (1, "a" * 99, 1), (1, "a" * 100, 1)], ("a" * 50, "a" * 50), 45.0)
@example([(0, f"seed-{seed}{'-of-a-run' * 9}-{run}", 0) for seed in range(4) for run in range(5)], ("", ""), 60.0)
@example([(0, "x", 0), (0, " x", 0), (0, "x\n", 0), (0, "x (1)", 0), (0, "x", 0)], ("", ""), 45.0)
def test_other_names_have_other_labels_that_fit(
    parts: list[tuple[int, str, int]], shared: tuple[str, str], width: float
) -> None:
    names = [shared[0] * first + middle + shared[1] * last for first, middle, last in parts]
    found = dict(zip(names, labels(names, 7.0, width), strict=True))
    assert len(set(found.values())) == len(set(names))
    for name, label in found.items():
        assert text_width(label, 7.0) <= width
        if text_width(one_line(name), 7.0) <= width and "(" not in label:
            assert label == one_line(name)


def test_what_differs_is_kept() -> None:
    names = [f"gner-t5-{size}.dev700" for size in ("base", "large", "xxl")]
    for label, size in zip(labels(names, 7.0, 55.0), ("base", "large", "xxl"), strict=True):
        assert size in label
    names = [f"my-system-with-a-very-long-name-{run:02}-seed-{seed}" for run in range(10) for seed in range(2)]
    assert labels(names, 7.0, 60.0) == [f"…me-{run:02}-seed-{seed}" for run in range(10) for seed in range(2)]


def test_a_figure_that_says_nothing_is_left_out_and_says_why(scores_file: ScoresFile) -> None:
    """Of one system on one data set without errors, and of two on one data set, each value is in a table already."""
    alone = scores_file("alone", right={"a": 1.0}, generation={"confidence": [1.0] * 5})
    (alone.parent / "run.json").write_text(json.dumps(run_of(5.0)))
    figures = collect(prepare([alone]))
    assert figures.plots == []
    assert set(figures.left_out) == set(FIGURES.values())
    assert figures.left_out["F1 by throughput"] == "one run with throughput alone"
    assert figures.left_out["error composition"] == "no system makes an error"
    assert figures.left_out["reliability"] == "all confidences of a system are in one of ten bins"
    other = scores_file("other", right={"a": 0.5}, name="other")
    figures = collect(prepare([alone, other], baseline="other"))
    assert {plot.name for plot in figures.plots} >= {"f1_per_set_other", "error_composition"}
    assert figures.left_out["differences from the baseline"] == "one difference alone, of one system on one data set"
    [plot] = per_set.plots(prepare([alone, other]))
    assert "mean" not in plot.caption
    assert [label.get_text() for label in drawn(plot, ACL).axes[0].get_xticklabels()] == ["a"]


def test_scores_without_an_error_analysis_have_no_figures_of_it(scores_file: ScoresFile) -> None:
    path = scores_file(right={"a": 0.5, "b": 0.5}, parameters=None)
    document = json.loads(path.read_text())
    for name in "ab":
        del document["datasets"][name]["errors"]
    path.write_text(json.dumps(document))
    figures = collect(prepare([path]))
    assert [plot.name for plot in figures.plots] == ["f1_per_set_other"]
    assert figures.left_out["error composition"] == "no scores hold an error analysis"


def test_collecting_figures_does_not_import_matplotlib(scores_file: ScoresFile) -> None:
    code = (
        "import sys; from pathlib import Path; from gner_bench.report.contents import prepare;"
        "from gner_bench.report.figures.registry import collect;"
        f"assert collect(prepare([Path({str(scores_file())!r})])).plots; print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
