"""What mkdocs calls while it builds the site: the help of every command becomes a part of the page that asks for it."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import click

from gner_bench.cli import main

MARKER = "<!-- the help of every command -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    return markdown.replace(MARKER, "\n".join(_help("gner-bench", main))) if MARKER in markdown else markdown


def _help(name: str, command: click.Command, parent: click.Context | None = None) -> Iterator[str]:
    """The help of a command and, below it, of its own commands, as lines of Markdown."""
    ctx = click.Context(command, parent, info_name=name, **command.context_settings)
    formatter = _Markdown(ctx)
    command.format_help(ctx, formatter)
    depth = ctx.command_path.count(" ")
    yield f'{"#" * (3 + depth)} {ctx.command_path} {{ #{_slug(ctx.command_path)} data-toc-label="{name}" }}\n'
    yield formatter.getvalue()
    if isinstance(command, click.Group):
        for below in command.list_commands(ctx):
            yield from _help(below, command.commands[below], ctx)


class _Markdown(click.HelpFormatter):
    """Writes what click says of a command, its sections and defaults, as HTML and blocks of code."""

    def __init__(self, ctx: click.Context) -> None:
        super().__init__(width=10_000)  # so that no one-line help is cut
        self.ctx = ctx

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        self._write_block(f"{prog} {args}")

    def write_heading(self, heading: str) -> None:
        self.write(f"\n<h5>{html.escape(heading)}</h5>\n\n")

    def write_text(self, text: str) -> None:
        """Paragraphs of help; those that click leaves as they are become blocks, their first line a paragraph."""
        for paragraph in re.split(r"\n\s*\n", text.strip("\n")):
            if not paragraph.startswith("\b\n"):
                self.write(f"<p>{_inline(paragraph)}</p>\n\n")
                continue
            first, *others = paragraph.splitlines()[1:]
            if others and not first.startswith(" ") and all(line.startswith(" ") for line in others):
                self.write(f"<p>{_inline(first)}</p>\n\n")
                self._write_block("\n".join(others))
            else:
                self._write_block("\n".join([first, *others]))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options, or commands, which link to their own help."""
        path, commands = _slug(self.ctx.command_path), getattr(self.ctx.command, "commands", {})
        self.write("<dl>\n")
        for term, text in rows:
            if term in commands:
                self.write(f'<dt><a href="#{path}-{term}"><code>{term}</code></a></dt>')
            else:
                name = re.search(r"--[\w-]+", term)
                shown = html.escape(term).replace("|", "|<wbr>")  # long lists of values may be broken there
                self.write(f'<dt id="{path}{name.group() if name else term}"><code>{shown}</code></dt>')
            self.write(f"<dd>{_inline(text)}</dd>\n")
        self.write("</dl>\n\n")

    def _write_block(self, text: str) -> None:
        self.write(f"```text\n{textwrap.dedent(text)}\n```\n\n")


def _inline(text: str) -> str:
    """A paragraph of help as HTML: what is between backticks is code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(" ".join(text.split())))


def _slug(text: str) -> str:
    return text.replace(" ", "-")
