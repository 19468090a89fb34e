from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from gner_bench.catalog.published import published_scores
from gner_bench.report import comparison, load_all
from gner_bench.report.plot import LONGEST_NAME, Point, bars, save, size_plot, size_points
from gner_bench.report.table import Table

ScoresFile = Callable[..., Path]
SEVEN = {score: value / 100 for score, value in published_scores()[1].scores.items()}
SIZED = {
    "crossner_ai": 431,
    "crossner_literature": 416,
    "crossner_music": 465,
    "crossner_politics": 651,
    "crossner_science": 543,
    "mit-movie": 2443,
    "mit-restaurant": 1521,
}


@pytest.fixture
def table(scores_file: ScoresFile) -> Table:
    """One measured system on all seven sets and the published rows."""
    [system] = load_all([scores_file(name="GNER-T5-base", f1=SEVEN, parameters=248_000_000)])
    sets = {name: replace(scores, sentences=SIZED[name]) for name, scores in system.datasets.items()}
    quoted = [score for score in published_scores() if score.comparable]
    return comparison([replace(system, datasets=sets)], "gner", quoted)


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_bars_show_measured_rows_solid_and_gner_rows_hatched(table: Table) -> None:
    figure = bars(table)
    assert legend(figure)[0] == "GNER-T5-base"
    assert all(name.startswith("GNER-") and name.endswith("(quoted)") for name in legend(figure)[1:])
    first, *others = figure.axes[0].containers
    assert [round(bar.get_height(), 2) for bar in first][:2] == [56.83, 58.68]
    assert not any(bar.get_hatch() for bar in first)
    assert all(bar.get_hatch() for container in others for bar in container)


def test_bars_label_figures_only_where_they_are_few(table: Table) -> None:
    measured = replace(table, rows=tuple(table.measured))
    assert next(text.get_text() for text in bars(measured).axes[0].texts) == "56.8"
    assert not bars(table).axes[0].texts


def test_bars_leave_out_what_was_not_scored(scores_file: ScoresFile) -> None:
    paths = [scores_file("a", name="a"), scores_file("b", name="b", f1={"crossner_ai": 0.5}, split="dev")]
    figure = bars(comparison(load_all(paths)))
    assert [len(container) for container in figure.axes[0].containers] == [3, 1]
    assert legend(figure) == ["a", "b (dev, 431 sentences)"]


def test_names_are_text_not_mathematics(scores_file: ScoresFile, tmp_path: Path) -> None:
    name = r"_$\frac{"
    table = comparison(load_all([scores_file(name=name, f1={"$x": 0.5})]))
    assert legend(bars(table)) == [name]
    save(bars(table), tmp_path, "bars")
    save(size_plot(size_points(table)), tmp_path, "size")


def test_long_names_are_cut_after_what_matters(scores_file: ScoresFile) -> None:
    path = scores_file(name="a" * 30, note="n" * 99, split="dev", sentences=100)
    [name] = legend(bars(comparison(load_all([path]))))
    assert len(name) == LONGEST_NAME
    assert "dev, 100 sentences" in name


def test_size_points_need_a_size_and_a_full_average(table: Table, scores_file: ScoresFile) -> None:
    points = size_points(table)
    assert points[0].label == "GNER-T5-base"
    assert not points[0].quoted
    assert points[0].average == pytest.approx(59.461, abs=1e-3)
    labels = [point.label for point in points if point.quoted]
    assert "GoLLIE-7B" in labels
    assert not any(name.startswith("ChatGPT") for name in labels)
    assert len(set(labels)) == len(labels)
    nameless = comparison(load_all([scores_file(f1={"ncbi": 0.5}, parameters=None)]))
    assert size_points(nameless) == []


def test_quoted_averages_over_other_sets_are_not_drawn(scores_file: ScoresFile) -> None:
    built = comparison(load_all([scores_file(f1=SEVEN | {"ncbi": 0.5})]), "gner", published_scores())
    assert [point.quoted for point in size_points(built)] == [False]
    averages = [container for container in bars(built).axes[0].containers if len(container) == 9]
    assert len(averages) == 1


def test_labels_of_the_size_plot_do_not_overlap(table: Table) -> None:
    figure = size_plot(size_points(table))
    figure.draw_without_rendering()
    labels = [text for text in figure.axes[0].texts if isinstance(text, Annotation)]
    assert {text.get_text() for text in labels} == {point.label for point in size_points(table)}
    boxes = [super(Annotation, text).get_window_extent() for text in labels]
    for index, box in enumerate(boxes):
        assert not box.count_overlaps(boxes[index + 1 :]), labels[index].get_text()
        assert figure.bbox.containsx(box.x0)
        assert figure.bbox.containsx(box.x1)


def test_a_size_plot_without_points_says_so() -> None:
    [text] = size_plot([]).axes[0].texts
    assert "no system" in text.get_text()


def test_plots_without_rows_can_be_saved(tmp_path: Path) -> None:
    assert save(bars(comparison([])), tmp_path, "bars") == [tmp_path / "bars.png", tmp_path / "bars.svg"]


@pytest.mark.parametrize("kind", ["bars", "size"])
def test_saved_bytes_are_the_same_each_time(table: Table, tmp_path: Path, kind: str) -> None:
    def draw() -> Figure:
        return bars(table) if kind == "bars" else size_plot(size_points(table))

    first = save(draw(), tmp_path / "a", kind)
    second = save(draw(), tmp_path / "b", kind)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert b"Software" not in first[0].read_bytes()
    assert b"<dc:date>" not in first[1].read_bytes()


def test_points_of_one_place_get_a_label_each() -> None:
    points = [Point(f"system {i}", 1e9, 50.0, False) for i in range(6)]
    assert len(size_plot(points).axes[0].texts) == 6


def test_the_report_package_imports_neither_matplotlib_nor_torch() -> None:
    code = "import sys, gner_bench.report; print({'matplotlib', 'torch'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
