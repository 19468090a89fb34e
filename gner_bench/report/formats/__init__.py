"""What ``gner-bench score`` prints: a table, JSON, Markdown, CSV or JUnit XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gner_bench.records import Json
from gner_bench.scoring.gates import Outcome, exit_code, require_passed


@dataclass(frozen=True)
class Result:
    """One scores.json ``document``, what the gates say of it (``gated`` where any were asked for), and warnings."""

    document: Json
    outcomes: Sequence[Outcome] = ()
    warnings: Sequence[str] = ()
    gated: bool = False

    @property
    def exit_code(self) -> int:
        """That of the command."""
        return exit_code(self.outcomes)

    @property
    def verdict(self) -> str:
        """``passed``, ``failed`` or, where nothing was asked for and nothing is missing, ``scored``."""
        return "failed" if self.exit_code else "passed" if self.gated else "scored"

    @property
    def notes(self) -> list[str]:
        """The warnings, which of the data was scored in part among them."""
        sets = self.document["datasets"].values()
        parts = [said for part in sets if " of " in (said := sentences_of(part))]
        told = all(any(said in warning for warning in self.warnings) for said in parts)
        return [*([] if told else [part_note(self.document)]), *self.warnings]

    def require_passed(self) -> None:
        """Raise GateError with the reasons for the exit code, if any."""
        require_passed(self.outcomes)


def as_json(result: Result) -> Json:
    """The document; where gates were asked for, with their verdict under ``gates``."""
    if not result.gated:
        return result.document
    outcomes = [each.document() for each in result.outcomes]
    return {
        **result.document,
        "gates": {"verdict": result.verdict, "exit_code": result.exit_code, "outcomes": outcomes},
    }


def sentences_of(part: Json) -> str:
    """How many sentences of a set were scored, ``100 of 431`` where some are missing or were not selected."""
    planned = part.get("planned") or 0
    return f"{part['sentences']} of {planned}" if planned > part["sentences"] else str(part["sentences"])


def part_note(document: Json) -> str:
    """Which sets were scored in part, empty where none."""
    sets = document["datasets"].items()
    found = [f"{name} {said}" for name, part in sets if " of " in (said := sentences_of(part))]
    return f"Not all sentences were scored: {', '.join(found)}" if found else ""
