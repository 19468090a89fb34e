"""What all commands have: help in sections, one-line helps that are wrapped and never cut, and a word on what was given
where another file is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from gner_bench.errors import InputError

C = TypeVar("C", bound=Callable[..., Any])
OTHERS = "Other options"
UNNAMED = ("", "auto", "gner-jsonl")
"""Values of --from and --format that are defaults."""


def section(title: str) -> Callable[[C], C]:
    """Head the options below, up to the next section, in the help of a ``Command``.

    It is written between options, as they are: decorators apply from below, so that it meets those of its section.
    """

    def head(command: C) -> C:
        parameters: list[click.Parameter] = getattr(command, "__click_params__", [])
        for parameter in parameters:
            vars(parameter).setdefault("section", title)
        return command

    return head


class Command(click.Command):
    """A command whose options are shown in their sections, and in one list where they have none."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; where a file of another kind was given, the error says what it is and what takes it."""
        try:
            return super().invoke(ctx)
        except InputError as error:
            from gner_bench.documents.kinds import told_kind

            # What was given as an argument or a run; a format that was named says what its file is.
            given = {
                path
                for parameter in self.params
                if isinstance(parameter, click.Argument) or parameter.metavar == "RUN"
                for path in _paths([ctx.params.get(parameter.name or "")])
            }
            place = error.path.parent if error.path.parent in given and not error.path.exists() else error.path
            if (
                place in given
                and ctx.params.get("format", "") in UNNAMED
                and (told := told_kind(place, ctx.command.name or ""))
            ):
                raise InputError(place, told) from error
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, the sections in the order of their first option."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)) is not None:
                sections.setdefault(vars(parameter).get("section", OTHERS), []).append(record)
        others = sections.pop(OTHERS, [])
        for title, records in [*sections.items(), (OTHERS if sections else "Options", others)]:
            with formatter.section(title):
                formatter.write_dl(records)


def _paths(values: Iterable[Any]) -> Iterator[Path]:
    """What of the values of parameters may be a path; in ``NAME=FILE`` that is FILE."""
    for value in values:
        if isinstance(value, tuple):
            yield from _paths(value)
        elif isinstance(value, str | Path):
            yield from (Path(text) for text in (str(value), str(value).partition("=")[2]) if text)


class Group(click.Group):
    """A group that shows the first sentence of each command's help, wrapped where click would cut it."""

    command_class = Command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names of the commands and what each does."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        # The limit is one that no sentence has.
        texts = [(name, command.get_short_help_str(limit=1000)) for name, command in commands if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(texts)
