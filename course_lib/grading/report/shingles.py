"""A program as a set of numbers that stays the same when it is only dressed up differently.

The text is parsed, never run, and its syntax tree is written out as a row of tokens: without
comments, docstrings, annotations, imports and formatting, and with one token in place of every name
that the program binds itself and of every string. Programs are compared by their shingles, the runs
of `LENGTH` tokens (Broder, 1997; Schleimer, Wilkerson and Aiken, 2003).
"""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np

LENGTH = 8  # tokens of a shingle, about one short statement
MAX_CHARACTERS = 20_000  # of one answer that are looked at

_MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)  # IPython's own lines
_WORDS = re.compile(r"#.*|(?P<token>\.?[^\W\d]\w*|\d[\w.]*|[^\w\s])")
_LEFT_OUT = {"annotation", "returns", "decorator_list", "type_ignores", "type_params", "ctx"}
_NAME, _TEXT = "name", "text"


def shingles(tokens: Sequence[str]) -> np.ndarray:
    """The hashes of all runs of `LENGTH` tokens, each once, in order."""
    runs = zip(*(tokens[start:] for start in range(LENGTH)), strict=False)
    return np.array(sorted({crc32(" ".join(run).encode()) for run in runs}), dtype=np.uint32)


def tokens_of(code: str) -> list[str]:
    """The code's normalised tokens; where it is not Python, those of its text. Never raises."""
    code = _MAGIC.sub("", code[:MAX_CHARACTERS])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes, for example
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return list(text_tokens(code))
    return _tokens_of_tree(tree)


def text_tokens(code: str) -> Iterator[str]:
    """The words and signs of any text without comments, all names alike; quoted text is not one."""
    for match in _WORDS.finditer(code):
        token = match["token"]
        if token:
            is_name = token.isidentifier() and not keyword.iskeyword(token)
            yield _NAME if is_name else token.encode("ascii", "backslashreplace").decode()


def _tokens_of_tree(tree: ast.AST) -> list[str]:
    """The tree from its root to its leaves, left to right; without recursion, however deep."""
    tokens: list[str | ast.Name] = []
    bound: set[str] = set()
    imported: dict[str, str] = {}
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    imported[alias.asname or alias.name] = alias.name.rpartition(".")[2]
                continue
            case ast.Expr(value=ast.Constant(value=str())):
                continue  # a docstring
            case ast.Name():
                if isinstance(node.ctx, ast.Store):
                    bound.add(node.id)
                tokens.append(node)
                continue
            case ast.JoinedStr() | ast.Constant(value=str() | bytes()):
                tokens.append(_TEXT)
                continue
            case ast.Constant():
                tokens.append(repr(node.value))
            case ast.Attribute():
                tokens.append(f".{node.attr}")
            case ast.keyword():
                tokens.append(f"{node.arg}=")
            case ast.arg():
                bound.add(node.arg)
                tokens.append(_NAME)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                bound.add(node.name)
                tokens.append(type(node).__name__)
            case _:
                tokens.append(type(node).__name__)
        waiting += reversed(list(_children(node)))
    return [
        token
        if isinstance(token, str)
        else _NAME
        if token.id in bound
        else imported.get(token.id, token.id)
        for token in tokens
    ]


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for field in node._fields:
        if field not in _LEFT_OUT:
            value = getattr(node, field)
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield child
