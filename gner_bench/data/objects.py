"""Moved to gner_bench.documents.fields."""

from gner_bench.documents.fields import first_object as first_object
from gner_bench.documents.fields import read_objects as read_objects
