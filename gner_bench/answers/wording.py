"""What prompts of our own have in common: the sentence, the types with their definitions, and sentences with answers.

What all sentences of a data set share goes first, so that a server or engine can keep what it has read of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from gner_bench.answers.answer import Definition, Question, Shot


def defined(definition: Definition | None) -> str:
    """A definition on one line, empty where there is none."""
    if definition is None:
        return ""
    examples = f"Examples: {'; '.join(definition.examples)}." if definition.examples else ""
    return " ".join(" ".join((definition.text, definition.guidelines, examples)).split())


def listed_types(question: Question) -> str:
    """A line for each type, with its definition where it has one."""
    said = {kind: defined(question.definitions.get(kind)) for kind in question.types}
    return "\n".join(f"- {kind}: {text}" if text else f"- {kind}" for kind, text in said.items())


def shown(shots: Sequence[Shot], answers: Sequence[str]) -> str:
    """Sentences with their answers, a blank line between them."""
    pairs = zip(shots, answers, strict=True)
    return "\n\n".join(f"Sentence: {' '.join(shot.words)}\nAnswer: {answer}" for shot, answer in pairs)


def general_prompt(task: str, form: str, question: Question, answers: Sequence[str]) -> str:
    """What asks a general model: the ``task``, the types, the ``form`` of the answer, the shots with their
    ``answers``, then the sentence."""
    parts = [f"{task} The types of entities are:\n{listed_types(question)}", form]
    parts += [shown(question.shots, answers)] if question.shots else []
    return "\n\n".join([*parts, f"Sentence: {' '.join(question.words)}\nAnswer:"])
