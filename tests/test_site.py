"""The documentation builds without a warning and without a network, and nothing in its pages is broken."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from markdown_it import MarkdownIt

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
WRITTEN = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md", "benchmarks/training.md")
"""Pages that are read on a code host, whose paths are from their own folder."""

VOID = {"br", "hr", "img", "input", "link", "meta", "source", "wbr", "path"}
LITERAL = {"code", "pre", "script", "style"}
BLOCKS = {"p", "li", "td", "th", "dt", "dd", *(f"h{level}" for level in range(1, 7))}
KNOWN = {*LITERAL, *BLOCKS, *VOID, "a", "article", "autoref", "b", "blockquote", "button", "div", "dl", "em", "nav"}
KNOWN |= {"ol", "s", "small", "span", "strong", "sub", "sup", "svg", "table", "tbody", "thead", "tr", "ul"}
EVERYWHERE = {
    "a value of Python": r"Sentinel|UNSET|<function|<class |<object| object at 0x|\bPosixPath\(",
    "a default that is none": r"default: (None|False|\(\)|\{\}|''|\"\")(?!\w)",
    "a mark of click's": r"\\b\b|\x08",
    "an entity that was escaped twice": r"&(amp|lt|gt|quot|#x?\d+);",
    "a directive": r"^:::|<!--",
}
IN_TEXT = {
    "a mark of code": r"`",
    "a mark of emphasis": r"\*\*|(?<![\w*])\*\w",
    "a link": r"\]\(|\]\[",
    "a list within a paragraph": r"^\s*([-*+]|\d+\.)\s",
    "a table within a paragraph": r"^\s*\|.*\|",
    "a heading": r"^#{1,6}\s",
    "attributes": r"\{[:#] ?\w",
    "an admonition": r"^(!!!|\?\?\?)",
}


class Page(HTMLParser):
    """A page: its ids, links and images, its elements, and the text of its blocks, without and with what is code.

    Of a page of the site, elements and text are those of the article alone.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.images: list[tuple[str, str]] = []
        self.elements: set[str] = set()
        self.prose: list[str] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self._whole = "<article" not in text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids.update([values["id"]] if "id" in values else [])
        self.links += [values["href"]] if tag == "a" and "href" in values else []
        self.images += [(values.get("src", ""), values.get("alt", ""))] if tag == "img" else []
        if tag not in VOID:
            self._open.append(tag)
        if self._whole or "article" in self._open:
            self.elements.add(tag)
            if tag in BLOCKS:
                self.prose.append("")
                self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not (self._whole or "article" in self._open) or {"script", "style"} & set(self._open) or not self.texts:
            return
        self.texts[-1] += data
        self.prose[-1] += "code" if LITERAL & set(self._open) else data


def faults(page: Page) -> Iterator[str]:
    """What a reader of the page would take for an error of the tool that made it."""
    for element in sorted(page.elements - KNOWN):
        yield f"<{element}> was meant as text"
    for patterns, texts in ((EVERYWHERE, page.texts), (IN_TEXT, page.prose)):
        for what, pattern in patterns.items():
            for text in texts:
                if found := re.search(pattern, text, re.M):
                    yield f"{what}: …{text[max(0, found.start() - 60) : found.end() + 60]}…"
    yield from (f"two elements have the id {id}" for id, count in page.ids.items() if count > 1)
    yield from (f"{source}: an image without a text" for source, text in page.images if not text)


def broken(pages: dict[Path, Page]) -> Iterator[str]:
    """Links and images of pages that lead to no file or to no element of a page."""
    root = min(pages, key=lambda path: len(path.parts)).parent
    for path, page in pages.items():
        for address in [*page.links, *(source for source, _ in page.images)]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            below = root if parts.path.startswith("/") else path.parent
            target = (below / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
            if not target.exists():
                yield f"{path.name}: {address} is not there"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                yield f"{path.name}: {address} names no element"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """The pages of the site, built in strict mode and without a network."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **offline})
    assert done.returncode == 0, done.stderr
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}


@pytest.fixture(scope="module")
def written() -> dict[Path, Page]:
    """README and the like as a code host shows them, with its ids of headings."""
    pages = {}
    renderer = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    paths = [*(ROOT / name for name in WRITTEN), *sorted((ROOT / "docs").rglob("*.md"))]
    for path in paths:
        text = re.sub(r"<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        pages[path] = Page(renderer.render(text))
        headings = re.findall(r"^#+ (.*)", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.M), re.M)
        pages[path].ids.update(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings)
    return pages


def test_nothing_in_the_site_is_broken(site: dict[Path, Page]) -> None:
    assert [f"{path.name}: {fault}" for path, page in site.items() for fault in faults(page)] == []
    assert list(broken(site)) == []


def test_nothing_in_readme_and_its_like_is_broken(written: dict[Path, Page]) -> None:
    own = {path: page for path, page in written.items() if str(path.relative_to(ROOT)) in WRITTEN}
    assert [f"{path.name}: {fault}" for path, page in own.items() for fault in faults(page)] == []
    assert [fault for fault in broken(written) if fault.split(":")[0] in {path.name for path in own}] == []


def test_the_command_line_has_a_page_with_every_option(site: dict[Path, Page]) -> None:
    from gner_bench.cli import main

    page = next(page for path, page in site.items() if path.name == "cli.html")
    text = "\n".join(page.texts)
    assert page.ids.keys() >= {f"gner-bench-{name}" for name in main.commands}
    shown = [p for command in main.commands.values() for p in command.params if not getattr(p, "hidden", False)]
    options = {option for parameter in shown for option in parameter.opts if "--" in option}
    assert {option for option in options if option not in text} == set()
    assert "[default: 1000; x>=0]" in text
    assert "<dataset>/{label,train,dev,test}.txt" in text
    assert any("gner-bench score prediction_results/base --per-type --out base.json\n" in block for block in page.texts)


def test_no_page_fetches_fonts(site: dict[Path, Page]) -> None:
    assert not [path for path in site if "fonts.googleapis" in path.read_text(encoding="utf-8")]
    assert "load_predictions" in "".join(next(page for path, page in site.items() if path.name == "api.html").texts)


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<p>--limit <code>Sentinel.UNSET</code></p>", "a value of Python"),
        ("<p>[default: None]</p>", "a default that is none"),
        ("<p>Folder with <dataset>/test.txt</p>", "<dataset> was meant as text"),
        ("<p>\\b Examples:</p>", "a mark of click's"),
        ("<p>As follows:\n- one\n- two</p>", "a list within a paragraph"),
        ("<p>one\n| a | b |\n</p>", "a table within a paragraph"),
        ("<p>```console\n$ a</p>", "a mark of code"),
        ("<td>**bold**</td>", "a mark of emphasis"),
        ("<p>see [this](there.md)</p>", "a link"),
        ("<p>&amp;lt;type&amp;gt;</p>", "an entity that was escaped twice"),
        ("<h2 id='a'>A</h2><h2 id='a'>A</h2>", "two elements have the id a"),
        ("<img src='a.png'>", "an image without a text"),
    ],
)
def test_faults_are_seen(html: str, fault: str) -> None:
    assert any(fault in found for found in faults(Page(html)))
    assert list(faults(Page("<p>one <code>**two** `a`</code> 3 * 4 &lt;type&gt; __init__ - five</p>"))) == []
