"""The part of a reproducibility checklist that the files of a report answer; all else is left to be filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gner_bench.documents.fields import Json
from gner_bench.documents.run import Run
from gner_bench.messages import markdown
from gner_bench.report.contents import Contents
from gner_bench.report.load import SystemScores
from gner_bench.report.views.scores import other_intervals
from gner_bench.scoring.trials import TEST

NOT_KNOWN = "not known: fill in"


def checklist(contents: Contents) -> Json:
    """What is known, by item: for each system, then of all; None where it is not known."""
    return {
        "systems": {system.name: {item: find(system) for item, find in ITEMS.items()} for system in contents.systems},
        "all": {
            "metrics": ", ".join(contents.metrics),
            "tests of differences": _tests(contents),
            "search of hyper-parameters, prompts and thresholds: tried values, how chosen, on what data": None,
            "total computing time of the project": None,
            "licences and intended use of data and models": None,
        },
    }


def checklist_text(contents: Contents) -> str:
    """As Markdown."""
    found, parts = checklist(contents), ["# Reproducibility checklist"]
    parts.append(f"What the files of this report say. Where they do not: {NOT_KNOWN}.")
    for name, items in (*found["systems"].items(), ("All systems", found["all"])):
        parts += [f"## {markdown(name)}", "\n".join(f"- {item}: {_answer(value)}" for item, value in items.items())]
    return "\n\n".join(parts) + "\n"


def _answer(value: str | None) -> str:
    return f"**{NOT_KNOWN}**" if value is None else f"known: {markdown(value)}"


def _of_run(tell: Callable[[Run], str | None]) -> Callable[[SystemScores], str | None]:
    """What is told of the run, or of each run of a group; what runs have in common once."""
    return lambda system: "; ".join(dict.fromkeys(filter(None, map(tell, system.runs)))) or None


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items() if value is not None)


def _weights(run: Run) -> str:
    revision = f"revision {run.model.revision}" if run.model.revision else ""
    files = [f"{name} SHA-256 {digest}" for name, digest in (run.model.files or {}).items() if "safetensors" in name]
    return ", ".join(filter(None, [run.model.source, revision, *files]))


def _settings(run: Run, *names: str) -> str:
    return _pairs({name: run.settings.get(name) for name in names})


def _data(system: SystemScores) -> str:
    sets = system.scores.sets.values()
    return "; ".join(f"{s.name}/{s.split} {len(s.statistics)} sentences, SHA-256 {s.content_hash}" for s in sets)


def _exclusions(system: SystemScores) -> str:
    fields = system.signature_fields
    told = [system.scores.in_part] if system.scores.in_part else ["all sentences of each set were scored"]
    told += [f"misc {fields['misc']}"] if "misc" in fields else []
    told += [f"selection: {_pairs(system.run.selection)}"] if system.run and system.run.selection else []
    return "; ".join(told)


def _intervals(system: SystemScores) -> str:
    resampling = system.resampling
    if not resampling.resamples:
        return "none"
    drawn = f"bootstrap over sentences, {resampling.resamples:,} resamples, seed {resampling.seed}"
    if len(system.scores.runs) > 1:
        return f"{resampling.confidence:.0%}, over sentences and runs, Student's t; {drawn}"
    return f"{resampling.confidence:.0%}, {drawn}{other_intervals(system.document)}"


def _tests(contents: Contents) -> str:
    if contents.baseline is None:
        return "none: no baseline was named"
    seed = contents.baseline.system.resampling.seed
    several = any(len(system.scores.runs) > 1 for system in contents.systems)
    of_groups = ", of groups of runs Student's t" if several else ""
    return (
        f"against {', '.join(each.name for each in contents.baselines)}: {TEST} test, paired by sentence, two-sided"
        f" (seed {seed}){of_groups}; tables of differences say trials and correction"
    )


def _number_of_runs(system: SystemScores) -> str:
    several = len(system.scores.runs)
    return f"{several}, their mean is shown" if several > 1 else "one; what another seed or training gives is not known"


ITEMS: dict[str, Callable[[SystemScores], str | None]] = {
    "number of runs (seeds, trainings)": _number_of_runs,
    "size of the model (parameters)": lambda s: None if s.parameters is None else f"{s.parameters:,.0f}",
    "weights": _of_run(_weights),
    "data sets it was trained on": lambda s: ", ".join(s.scores.origin.system.training_sets) or None,
    "hardware": _of_run(lambda run: f"{run.device}, threads {run.threads}" if run.threads else run.device),
    "time and tokens of generating": _of_run(lambda run: _pairs(run.generating)),
    "decoding and limits": _of_run(
        lambda run: _settings(
            run, "decoding", "num_beams", "temperature", "max_input_tokens", "max_new_tokens", "max_total_tokens"
        )
    ),
    "number format": _of_run(lambda run: _settings(run, "dtype")),
    "batch size": _of_run(lambda run: str(run.batch_size) if run.batch_size else None),
    "prompts": _of_run(
        lambda run: (
            f"{_settings(run, 'format', 'label_order', 'shots')}, hash {run.prompt_hash}" if run.prompt_hash else None
        )
    ),
    "seeds": _of_run(lambda run: _settings(run, "seed") or "none was used in prompts"),
    "test data": _data,
    "what was left out": _exclusions,
    "measure (signature)": lambda s: s.signature,
    "intervals": _intervals,
    "software": _of_run(lambda run: _pairs(run.versions) + (f", commit {run.git_commit}" if run.git_commit else "")),
    "command": _of_run(lambda run: " ".join(run.command)),
}
"""What is asked of each system, and what its files say of it."""
