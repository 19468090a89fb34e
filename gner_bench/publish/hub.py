"""Scores as evaluation results on a model's page of the Hugging Face hub, by huggingface_hub's own types.

Each data set that is a known one of the hub, word for word, gets a file in ``.eval_results/``, which the page and the
data set's leaderboard show; all sets are in the ``model-index`` of README.md, which older readers take. Values are
shares from 0 to 1, unrounded, as in scores.json.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gner_bench import __version__
from gner_bench.catalog import catalog
from gner_bench.documents.scores import ScoresDocument, SetDocument, Value
from gner_bench.errors import GnerBenchError, UsageError, short
from gner_bench.fetch import home
from gner_bench.fetch.checkpoint import HUB_ID
from gner_bench.fetch.hub import hub_errors, told
from gner_bench.messages import note
from gner_bench.publish import Files, Publication, Target
from gner_bench.scoring.metrics import METRICS

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

CARD = "README.md"
NEW_CARD = "---\ntags:\n- named-entity-recognition\n---\n\n# {name}\n"
"""Of a repository that has no card."""
TASK: dict[str, Any] = {"task_type": "token-classification", "task_name": "Named entity recognition"}
MEAN = "gner-bench/mean"


@dataclass(frozen=True)
class OnHub:
    """A data set of the hub: its id, the subset that is meant, and the commit."""

    id: str
    subset: str
    revision: str


def on_hub(name: str, part: SetDocument) -> OnHub | None:
    """The hub's data set that was scored; None unless words and tags are those that the catalogue knows of it."""
    known = catalog().find_dataset(name)
    facts = known.splits.get(part.split) if known else None
    if known is None or facts is None or not part.content_hash or part.content_hash != facts.content_hash:
        return None
    for source in known.sources:
        if source.hub and part.split in source.files:
            folder = source.files[part.split].partition("/")[0]
            return OnHub(source.hub, "default" if folder == "data" else folder, source.revision)
    return None


def files(publication: Publication, repository: str) -> Files:
    """The YAML of each file; of README.md the part that is put into it. Raises UsageError for what is no repository."""
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml
    from huggingface_hub.repocard_data import eval_results_to_model_index
    from huggingface_hub.utils import yaml_dump  # type: ignore[attr-defined]  # documented, not in __all__

    if HUB_ID.fullmatch(repository) is None:
        raise UsageError(f"{short(repository)} is no repository of the hub: expected OWNER/NAME")
    document, texts, elsewhere = publication.document, Files(), []
    date = publication.run.ended if publication.run else None
    for name, part in document.datasets.items():
        if (place := on_hub(name, part)) is None:
            elsewhere.append(f"{name}/{part.split}")
        else:
            entries = []
            for metric in document.metrics:
                value = part.values[metric]
                # What the page shows beside a value.
                what = f"{METRICS[metric].name_in_text} as a share, by gner-bench"
                notes = [what, interval_text(document, value), publication.note, f"signature {document.signature}"]
                entries.append(
                    EvalResultEntry(
                        dataset_id=place.id,
                        task_id=slug(f"{name}_{part.split}_{metric}_f1"),
                        dataset_revision=place.revision,
                        value=value.f1,
                        date=date,
                        notes="; ".join(filter(None, notes)),
                    )
                )
            path = f".eval_results/{slug(f'{name}_{part.split}')}.yaml"
            texts[path] = yaml_dump(eval_result_entries_to_yaml(entries), sort_keys=False)
    if elsewhere:
        note(
            f"in the model-index alone: {', '.join(elsewhere)}: these sentences and tags are not known to be those of a"
            " data set of the hub"
        )
    model = repository.partition("/")[2]
    index = {"model-index": eval_results_to_model_index(model, list(_results(publication)))}
    texts[CARD] = yaml_dump(index, sort_keys=False)
    return texts


def put(texts: Files, repository: str, propose: bool) -> str:
    """Commit the files, together; returns the address of the commit or, with ``propose``, of the pull request.

    Results on the model card of other tasks, sets and metrics stay. Raises UsageError when the network is switched off,
    GnerBenchError when the hub refuses or cannot be reached, or when the card there cannot be read.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    if home.offline():
        raise UsageError("push --to hub needs the network, which is switched off")
    try:
        whole = {**texts, CARD: _card_with(texts[CARD], repository)}
        commit = HfApi(library_name="gner-bench", library_version=__version__).create_commit(
            repository,
            [CommitOperationAdd(path, text.encode("utf-8")) for path, text in whole.items()],
            commit_message=f"Evaluation results by gner-bench {__version__}",
            create_pr=propose,
        )
    except hub_errors() as error:
        raise GnerBenchError(f"push --to hub {repository}: {told(error)}") from None
    return str(commit.pr_url or commit.commit_url)


def _card_with(index: str, repository: str) -> str:
    """The model card of a repository with the results of ``index`` (YAML) in place of earlier ones of the same."""
    from huggingface_hub import ModelCard
    from huggingface_hub.errors import EntryNotFoundError

    new: Any = ModelCard(f"---\n{index}---\n").data
    try:
        card = ModelCard.load(repository)
    except EntryNotFoundError:
        card = ModelCard(NEW_CARD.format(name=repository.partition("/")[2]))
    there: Any = card.data
    ours = {_identity(result) for result in new.eval_results}
    there.eval_results = [each for each in there.eval_results or () if _identity(each) not in ours] + new.eval_results
    there.model_name = there.model_name or new.model_name
    return str(card)


def _identity(result: EvalResult) -> tuple[Any, ...]:
    """What of a result a later one of the same takes the place of: all but value, interval, signature and revision."""
    return *result.unique_identifier[:-1], result.dataset_name, result.metric_type, result.metric_name


def _results(publication: Publication) -> Iterator[EvalResult]:
    from huggingface_hub import EvalResult

    document = publication.document
    for name, part in document.datasets.items():
        place = on_hub(name, part)
        about: dict[str, Any] = {
            "dataset_type": place.id if place else name,
            "dataset_name": name,
            "dataset_config": place.subset if place else None,
            "dataset_split": part.split,
            "dataset_revision": place.revision if place else None,
            "dataset_args": {"sentences": part.sentences, "content_hash": part.content_hash},
        }
        for metric in document.metrics:
            yield EvalResult(**TASK, **about, **_metric(publication, metric, part.values[metric]))
    if len(document.datasets) > 1:
        sets = ", ".join(document.datasets)
        for metric in document.metrics:
            about = {"dataset_type": MEAN, "dataset_name": f"mean over {len(document.datasets)} sets: {sets}"}
            yield EvalResult(**TASK, **about, **_metric(publication, metric, document.average[metric]))


def _metric(publication: Publication, metric: str, value: Value) -> dict[str, Any]:
    """The part of an EvalResult about a metric; interval, signature and note are its arguments."""
    document = publication.document
    arguments: dict[str, Any] = {"signature": document.signature}
    if value.interval:
        arguments |= {"confidence": document.resampling.confidence, "interval": list(value.interval["f1"])}
    if value.no_interval:
        arguments["no_interval"] = value.no_interval
    if publication.note:
        arguments["note"] = publication.note
    name = METRICS[metric].name_in_text
    return {"metric_type": "f1", "metric_name": name, "metric_value": value.f1, "metric_args": arguments}


def interval_text(document: ScoresDocument, value: Value) -> str:
    """The interval of F1 in words, or why there is none; empty where nothing is said."""
    if not value.interval:
        return f"no interval: {value.no_interval}" if value.no_interval else ""
    low, high = value.interval["f1"]
    return f"{100 * document.resampling.confidence:g}% interval {low:.4f} to {high:.4f}"


def slug(text: str) -> str:
    """Letters, digits, ``.``, ``_`` and ``-``, as names of files and tasks may have them."""
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.") or "set"


HUB = Target("OWNER/NAME", files, put)
