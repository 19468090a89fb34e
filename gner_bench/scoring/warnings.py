"""What a reader of scores must be warned of."""

from __future__ import annotations

from gner_bench.catalog.problems import problem_warning
from gner_bench.scoring.scores import Scores, SetScores

COUNTED = {
    "gold_outside_types": "gold tags have a type that label_list lacks",
    "cut_outputs": "outputs were cut at the length limit",
    "cut_inputs": "prompts were cut at the length limit",
}


def warnings_of(scores: Scores) -> list[str]:
    """One line each."""
    sets = scores.sets.values()
    found = list(scores.origin.warnings)
    for key, what in COUNTED.items():
        counts = {each.name: each.details.get("structuring", {}).get(key) for each in sets}
        found += [f"{name}: {count} {what}" for name, count in counts.items() if count]
    found += filter(None, [problem_warning({f"{s.name}/{s.split}": s.details.get("problems", []) for s in sets})])
    parts = [f"{part(each)} of {each.name}/{each.split}" for each in sets if each.missing]
    if parts:
        found.append(f"not all sentences were scored: {', '.join(parts)}")
    trained = [each.name for each in sets if supervised(scores, each)]
    if trained:
        found.append(f"{scores.origin.system.name} was trained on {', '.join(trained)}: not zero-shot")
    if lacking(scores):
        found.append(f"incomplete: {lacking(scores)} sentences of the run are missing from these figures")
    return found


def part(scores: SetScores) -> str:
    """The part of a set that was scored, such as ``100 of 431``."""
    return f"{len(scores.statistics)} of {scores.planned}"


def supervised(scores: Scores, each: SetScores) -> bool:
    """Whether the system was trained on the data set (``name`` or ``name/split``), as far as its run says."""
    return each.name in {name.partition("/")[0] for name in scores.origin.system.training_sets}


def lacking(scores: Scores) -> int:
    """How many sentences the run set out to predict and has not."""
    scored = sum(len(each.statistics) for each in scores.sets.values())
    return max(0, scores.origin.expected - scored)
