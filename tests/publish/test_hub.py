"""``push --to hub``: by the real huggingface_hub against the hub that plays on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from huggingface_hub import HfApi, ModelCard, parse_eval_result_entries
from huggingface_hub.repocard_data import EvalResult

from gner_bench.catalog import catalog
from gner_bench.documents.scores import read_scores
from gner_bench.fetch.hub import told
from gner_bench.publish.hub import on_hub

Run = Callable[..., Result]
TOKEN = "hf_" + "secret0" * 5
CARD = """\
---
license: mit
model-index:
- name: Mine
  results:
  - task: {type: text-generation}
    dataset: {type: other, name: Other}
    metrics: [{type: acc, value: 0.5}]
---

# Mine

What I say of it.
"""


@pytest.fixture
def as_crossner(scores: Path) -> Path:
    """The scores, whose set ``news`` is made the test split of crossner_ai as the catalogue knows it."""
    document = json.loads(scores.read_text(encoding="utf-8"))
    known = catalog().get_dataset("crossner_ai").splits["test"]
    part = document["datasets"].pop("news") | {"split": "test", "content_hash": known.content_hash}
    document["datasets"] = {"crossner_ai": part, **document["datasets"]}
    scores.write_text(json.dumps(document), encoding="utf-8")
    return scores


def results(repo: Any) -> Iterator[EvalResult]:
    yield from ModelCard(repo.files["README.md"].decode()).data.eval_results


def test_results_are_on_the_card_and_what_was_there_stays(run: Run, repository: Any, scores: Path) -> None:
    repo = repository(README_md=CARD)
    done = run("push", scores, "me/mine", "--to", "hub")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("/me/mine/commit/c0ffee" + 34 * "0" + "\n")
    card = ModelCard(repo.files["README.md"].decode())
    assert card.text.strip() == "# Mine\n\nWhat I say of it."
    assert card.data.license == "mit"
    assert card.data.model_name == "Mine"
    document = read_scores(scores)
    found = {(result.dataset_name, result.metric_name): result for result in results(repo)}
    assert list(found) == [
        ("Other", None),
        *((name, metric) for name in ("news", "web") for metric in ("F1 (GNER metric)", "strict F1")),
        *(("mean over 2 sets: news, web", metric) for metric in ("F1 (GNER metric)", "strict F1")),
    ]
    strict = found["news", "strict F1"]
    # 18 of 20 entities were found and nothing else: P 1, R 0.9.
    assert strict.metric_value == pytest.approx(2 * 0.9 / 1.9, abs=1e-12)
    assert strict.metric_args["signature"] == document.signature
    assert tuple(strict.metric_args["interval"]) == document.datasets["news"].values["strict"].interval["f1"]
    assert (strict.dataset_type, strict.dataset_split) == ("news", "test")


def test_pushing_again_replaces_what_was_pushed(run: Run, repository: Any, scores: Path, predictions: Any) -> None:
    repo = repository()
    run("push", scores, "me/mine", "--to", "hub")
    first = list(results(repo))
    run("-q", "score", predictions(missed=5), "--tokenizer", "none", "--out", scores)
    assert run("push", scores, "me/mine", "--to", "hub").exit_code == 0
    second = list(results(repo))
    assert [result.dataset_name for result in second] == [result.dataset_name for result in first]
    assert second[0].metric_value == pytest.approx(2 * 0.75 / 1.75, abs=1e-9)


def test_sets_of_the_hub_get_entries_for_its_leaderboards(run: Run, repository: Any, as_crossner: Path) -> None:
    repo = repository(README_md=CARD)
    done = run("push", as_crossner, "me/mine", "--to", "hub")
    assert done.exit_code == 0, done.output
    assert "in the model-index alone: web/test: these sentences" in done.stderr
    names = [name for name in repo.files if name != "README.md"]
    assert names == [".eval_results/crossner_ai_test.yaml"]
    gner, strict = parse_eval_result_entries(yaml.safe_load(repo.files[names[0]]))
    assert (gner.dataset_id, gner.task_id) == ("DFKI-SLT/cross_ner", "crossner_ai_test_gner_f1")
    assert strict.task_id == "crossner_ai_test_strict_f1"
    assert strict.dataset_revision == "ac719b1953c0ce0d4b3614069ce8be463bf30e31"
    document = read_scores(as_crossner)
    value = document.datasets["crossner_ai"].values["strict"]
    low, high = value.interval["f1"]
    assert strict.value == value.f1
    assert strict.notes == (
        f"strict F1 as a share, by gner-bench; 95% interval {low:.4f} to {high:.4f}; signature {document.signature}"
    )
    # As the hub gives them back.
    assert HfApi().model_info("me/mine").id == "me/mine"


def test_a_set_that_only_has_the_name_of_one_on_the_hub_is_not_taken_for_it(as_crossner: Path) -> None:
    part = read_scores(as_crossner).datasets["crossner_ai"]
    assert on_hub("crossner_ai", part) is not None
    for other in ({"content_hash": "0" * 64}, {"split": "dev"}):
        assert on_hub("crossner_ai", type(part)(**{**vars(part), **other})) is None
    assert on_hub("news", part) is None


def test_a_dry_run_prints_the_files_and_asks_nothing(run: Run, hub: Any, as_crossner: Path) -> None:
    done = run("push", as_crossner, "me/mine", "--to", "hub", "--dry-run")
    assert done.exit_code == 0, done.output
    heads, texts = zip(*(part.split("\n", 1) for part in done.stdout.split("# ")[1:]), strict=True)
    assert heads == (".eval_results/crossner_ai_test.yaml", "README.md")
    assert len(parse_eval_result_entries(yaml.safe_load(texts[0]))) == 2
    assert len(yaml.safe_load(texts[1])["model-index"][0]["results"]) == 3
    assert hub.requests == []


def test_a_pull_request_proposes_them(run: Run, hub: Any, repository: Any, scores: Path) -> None:
    repo = repository(README_md=CARD)
    done = run("push", scores, "me/mine", "--to", "hub", "--pull-request")
    assert (done.exit_code, done.stdout) == (0, f"{hub.url}/me/mine/discussions/1\n"), done.output
    assert repo.files["README.md"].decode() == CARD


def test_no_token_gets_into_a_file_or_a_message(
    run: Run, hub: Any, repository: Any, scores: Path, tmp_path: Path
) -> None:
    repo = repository(README_md=CARD)
    said = run("-v", "push", scores, "me/mine", "--to", "hub").output
    assert {request.headers.get("authorization") for request in hub.requests} == {f"Bearer {TOKEN}"}
    hub.repos.clear()
    refused = run("-v", "push", scores, "me/mine", "--to", "hub")
    assert refused.exit_code == 1
    assert "Error: push --to hub me/mine: " in refused.stderr
    assert TOKEN not in said + refused.output
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(TOKEN.encode() in content for content in [*files, *repo.files.values()])


def test_a_token_that_cannot_be_sent_is_not_quoted(
    run: Run, repository: Any, scores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository()
    monkeypatch.setenv("HF_TOKEN", "hf_secrét")
    refused = run("-v", "push", scores, "me/mine", "--to", "hub")
    assert refused.exit_code == 1, refused.output
    assert refused.stderr.splitlines()[-1].startswith("Error: push --to hub me/mine: ")
    assert "secr" not in refused.output


@pytest.mark.parametrize(
    ("said", "told_of_it"),
    [
        ("Illegal header value b'Bearer hf_other'", "Illegal header value b'Bearer ***'"),
        (f"401 for {TOKEN}\nmore", "401 for hf_***"),
        ("a key: mine-alone", "a key: ***"),
    ],
)
def test_errors_are_told_without_tokens(said: str, told_of_it: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "mine-alone")
    assert told(ValueError(said)) == told_of_it


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mine",), "'mine' is no repository of the hub: expected OWNER/NAME"),
        ((), "push --to hub needs a destination: OWNER/NAME"),
    ],
)
def test_what_is_no_repository_is_refused(run: Run, scores: Path, arguments: tuple[str, ...], message: str) -> None:
    done = run("push", scores, *arguments, "--to", "hub")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, f"Error: {message}")


def test_without_a_network_it_is_refused(run: Run, scores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = run("push", scores, "me/mine", "--to", "hub")
    assert done.exit_code == 2
    assert "needs the network, which is switched off" in done.stderr


def test_a_card_that_cannot_be_read_stays(run: Run, repository: Any, scores: Path) -> None:
    repo = repository(README_md="---\nmodel-index: [{}]\n---\n")
    before = dict(repo.files)
    done = run("push", scores, "me/mine", "--to", "hub")
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert repo.files == before


@pytest.mark.slow
def test_a_trained_checkpoint_is_pushed_with_its_scores(
    run: Run, hub: Any, scores: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install 'gner-bench[train]'")
    folder = tmp_path / "out"
    (folder / "state").mkdir(parents=True)
    (folder / "state/step").write_text("1", encoding="utf-8")
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    (folder / "run.json").write_text("{}", encoding="utf-8")
    scores.rename(folder / "selection_scores.json")
    monkeypatch.setattr("gner_bench.train.fine_tune.fine_tune", lambda request, say: folder)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('name = "mine"\ncheckpoint = "demo"\nsteps = 1\n[[sets]]\nname = "films"\n', encoding="utf-8")
    done = run("train", recipe, "--out", folder, "--push-to-hub", "me/mine")
    assert (done.exit_code, done.stdout) == (0, f"{folder}\nhttps://huggingface.co/me/mine\n"), done.output
    repo = hub.repos["me/mine"]
    assert set(repo.files) == {"README.md", "run.json", "selection_scores.json"}
    assert b"What I say of it." in repo.files["README.md"]
    strict = next(result for result in results(repo) if result.metric_name == "strict F1")
    assert strict.metric_args["note"] == "these sentences chose the checkpoint: not a test score"
    assert {request.headers.get("authorization") for request in hub.requests} == {f"Bearer {TOKEN}"}
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(TOKEN.encode() in content for content in [done.output.encode(), *files, *repo.files.values()])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("datasets.news.strict.f1", 94.7, "datasets.news.strict.f1: 94.7 is not the F1 of the counts"),
        ("average.gner.f1", 0.99, "average.gner.f1: 0.99 is not the F1 of the counts"),
        ("average.gner", None, "average.gner: is missing"),
        ("metrics", [], "metrics: is empty"),
        ("runs", [], "runs: is empty"),
    ],
)
def test_scores_that_were_changed_by_hand_are_not_published(
    run: Run, scores: Path, field: str, value: object, said: str
) -> None:
    document = json.loads(scores.read_text(encoding="utf-8"))
    *path, last = field.split(".")
    place = document
    for key in path:
        place = place[key]
    place.pop(last, None)
    if value is not None:
        place[last] = value
    scores.write_text(json.dumps(document), encoding="utf-8")
    for target in (("me/mine", "--to", "hub"), ("out", "--to", "every-eval-ever", "--model", "me/mine")):
        done = run("push", scores, *target, "--dry-run")
        assert (done.exit_code, done.stdout, done.stderr) == (2, "", f"Error: {scores}: {said}\n")
