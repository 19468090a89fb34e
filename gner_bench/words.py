"""What a word of plain text is, in any script."""

from __future__ import annotations

import regex

WORD = regex.compile(
    r"[\w\p{M}\u200c\u200d]+(?:[-_][\w\p{M}\u200c\u200d]+)*|[^\w\s](?:\p{M}|\u200d[^\w\s]|[\U0001f3fb-\U0001f3ff])*"
)
"""A run of letters, digits, their combining marks and inner hyphens, or one other character that is not white space.

A mark is part of the letter before it: a decomposed ``é`` or the vowel signs of Hindi cut no word. So do the joiners
of Persian and of Indic scripts; what is joined to another character, as in an emoji of several, stays with it.
"""
