"""Grids as JUnit XML, as Jenkins (junit-10.xsd), GitLab and GitHub actions read it: each grid a suite of test cases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from gner_bench.report.grid import Grid

ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0, section 2.2 (Char), does not allow, not even as a reference."""
COLUMNS = ("case", "element", "type", "text")
"""The values of a suite: what a case is called, the element that its text is in, and the type of a problem."""
PROBLEMS = ("failure", "error")


def render(grids: Sequence[Grid]) -> str:
    """An XML document in ASCII, which every encoding reads alike, of grids with ``COLUMNS``.

    The facts of a grid are the properties of its suite, its remarks the ``system-out``.
    """
    rows = [row for grid in grids for row in grid.values]
    root = ET.Element("testsuites", {"name": "gner-bench", **_totals(rows)})
    for grid in grids:
        suite = ET.SubElement(root, "testsuite", {"name": grid.name, **_totals(grid.values), "skipped": "0"})
        if grid.facts:
            properties = ET.SubElement(suite, "properties")
            for name, value in grid.facts.items():
                ET.SubElement(properties, "property", name=name, value=legal(value))
        for name, element, kind, text in (map(str, row) for row in grid.values):
            attributes = {"classname": f"gner-bench.{grid.name}", "name": legal(name), "time": "0"}
            case = ET.SubElement(suite, "testcase", attributes)
            said = legal(text)
            problem = {"message": said, "type": kind} if element in PROBLEMS else {}
            ET.SubElement(case, element, problem).text = said
        ET.SubElement(suite, "system-out").text = legal("\n".join(grid.remarks))
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body.decode("ascii")}\n'


def legal(text: str) -> str:
    """``text`` without the characters that XML does not allow."""
    return ILLEGAL.sub("", text)


def _totals(rows: Sequence[Sequence[object]]) -> dict[str, str]:
    failures, errors = (sum(row[1] == problem for row in rows) for problem in PROBLEMS)
    return {"tests": str(len(rows)), "failures": str(failures), "errors": str(errors), "time": "0"}
