"""From an exercise's text to the notebooks that students get, and from their answers to grades."""

import sys

# jsonschema, which nbformat imports, would build a grammar of web addresses for two seconds, for a
# check that no notebook needs; without the package it leaves that check out.
sys.modules.setdefault("rfc3987_syntax", None)
