"""How plain text is split into words."""

from __future__ import annotations

import re

WORD = re.compile(r"\w+(?:[-_]\w+)*|[^\w\s]")
"""A run of letters, digits and inner hyphens, or one other character that is not white space."""
