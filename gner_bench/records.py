"""Moved to gner_bench.documents."""

from gner_bench.documents.fields import EMPTY as EMPTY
from gner_bench.documents.fields import Fields as Fields
from gner_bench.documents.fields import Json as Json
from gner_bench.documents.fields import json_lines as json_lines
from gner_bench.documents.fields import parse_json as parse_json
from gner_bench.documents.fields import parse_object as parse_object
from gner_bench.documents.record import Record as Record
from gner_bench.documents.record import Slice as Slice
from gner_bench.documents.record import read_records as read_records
from gner_bench.documents.record import slices as slices
from gner_bench.documents.record import words_and_labels as words_and_labels
