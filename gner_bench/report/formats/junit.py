"""JUnit XML, as Jenkins (junit-10.xsd), GitLab and GitHub actions read it: gates and scored data sets as test cases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from gner_bench.records import Json
from gner_bench.report.formats import Result, sentences_of
from gner_bench.report.scores import metrics_of
from gner_bench.scoring.gates import Outcome
from gner_bench.scoring.metrics import DEFINITIONS, Metric

ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0, section 2.2 (Char), does not allow, not even as a reference."""
ELEMENTS = {"failed": "failure", "error": "error"}


def to_junit(result: Result) -> str:
    """An XML document in ASCII, which every encoding reads alike.

    A failed gate is a failure, one that could not be judged an error; both give the reason. The signature stands in the
    ``system-out`` of the suites.
    """
    totals = _totals(result.outcomes, len(result.document["datasets"]))
    root = ET.Element("testsuites", {"name": "gner-bench", **totals})
    _gates(root, result)
    _scores(root, result.document)
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=False)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body.decode("ascii")}\n'


def legal(text: str) -> str:
    """``text`` without the characters that XML does not allow."""
    return ILLEGAL.sub("", text)


def _totals(outcomes: Sequence[Outcome], others: int = 0) -> dict[str, str]:
    counts = {name: sum(each.status == status for each in outcomes) for status, name in ELEMENTS.items()}
    return {
        "tests": str(len(outcomes) + others),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"]),
        "time": "0",
    }


def _gates(root: ET.Element, result: Result) -> None:
    suite = ET.SubElement(root, "testsuite", {"name": "gates", **_totals(result.outcomes), "skipped": "0"})
    _properties(suite, result.document)
    for outcome in result.outcomes:
        case = _case(suite, "gner-bench.gates", outcome.name)
        if outcome.status in ELEMENTS:
            element = ELEMENTS[outcome.status]
            found = ET.SubElement(case, element, message=legal(outcome.reason), type=f"exit code {outcome.exit_code}")
            found.text = legal(outcome.reason)
        else:
            ET.SubElement(case, "system-out").text = legal(outcome.reason)
    ET.SubElement(suite, "system-out").text = legal("\n".join([*result.notes, result.document["signature"]]))


def _properties(suite: ET.Element, document: Json) -> None:
    properties = ET.SubElement(suite, "properties")
    for key in ("signature", "signature_short"):
        ET.SubElement(properties, "property", name=key, value=legal(document[key]))
    ET.SubElement(properties, "property", name="system", value=legal(document["system"]["name"]))
    for metric in metrics_of(document):
        percent = f"{100 * document['average'][metric]['f1']:.2f}"
        ET.SubElement(properties, "property", name=f"mean {DEFINITIONS[metric].title} (percent)", value=percent)


def _scores(root: ET.Element, document: Json) -> None:
    sets = document["datasets"]
    suite = ET.SubElement(root, "testsuite", {"name": "scores", **_totals((), len(sets)), "skipped": "0"})
    for name, part in sets.items():
        case = _case(suite, "gner-bench.scores", f"{name}/{part['split']}")
        figures = "\n".join(_line(metric, part[metric]) for metric in metrics_of(document))
        ET.SubElement(case, "system-out").text = legal(f"{sentences_of(part)} sentences\n{figures}")
    ET.SubElement(suite, "system-out").text = legal(document["signature"])


def _case(suite: ET.Element, group: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=group, name=legal(name), time="0")


def _line(metric: Metric, figures: Json) -> str:
    precision, recall, f1 = (f"{100 * figures[key]:.2f}" for key in ("precision", "recall", "f1"))
    return f"{DEFINITIONS[metric].title}: {f1}% (precision {precision}%, recall {recall}%)"
