"""Byte-level BPE: from text to token ids and back."""

from course_lib.tokenizer.base import Tokenizer

__all__ = ["Tokenizer"]
