"""Byte-level BPE: from text to token ids and back."""

from course_lib.tokenizer.base import Tokenizer
from course_lib.tokenizer.files import load, save
from course_lib.tokenizer.gpt2 import from_pretrained

__all__ = ["Tokenizer", "from_pretrained", "load", "save"]
