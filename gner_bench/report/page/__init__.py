"""The report as one page: index.html, which needs neither network nor server."""

from gner_bench.report.page.build import write_page as write_page
from gner_bench.report.page.content import Content as Content
from gner_bench.report.page.content import PageFigure as PageFigure
from gner_bench.report.page.content import PageSystem as PageSystem
