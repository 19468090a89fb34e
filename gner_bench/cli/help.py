"""What ``--help`` looks like: options in sections, and one-line helps of commands that are wrapped, never cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

C = TypeVar("C", bound=Callable[..., Any])
OTHERS = "Other options"


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
