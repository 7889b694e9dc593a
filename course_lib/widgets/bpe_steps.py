"""Widget: byte-pair encoding of any text, one merge at a time."""

from collections import Counter
from dataclasses import dataclass

import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.plotting import BLUE, INK, PALE, VERMILLION, new_figure
from course_lib.tokenizer.bpe import Pair, count_pairs, merge
from course_lib.tokenizer.pretokenize import pretokens
from course_lib.tokenizer.validation import check_text
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.source import source
from course_lib.widgets.validation import within

LONGEST = 300
SAMPLES = (
    "aaabdaaabac",
    "the cat sat; the cats sat on the mat.",
    "dog dog. dog! dog? the dog, a dog.",
    "すもももももももものうち",
    "for i in range(10): print(i, i * i)",
    "👩‍👩‍👧‍👦 👩‍👩‍👧 👨‍👧‍👦",
)
"""Texts to begin with."""


@dataclass(frozen=True)
class Training:
    """Where byte-pair encoding of a text stands after some merges."""

    pieces: list[tuple[int, ...]]  # the tokens of each piece of the text, in order
    vocab: list[bytes]  # the bytes of each token
    merges: list[tuple[bytes, bytes]]  # the pairs merged, in order
    counts: list[int]  # how often each of them was counted when it was merged
    pairs: list[tuple[Pair, int]]  # the pairs left and their counts, the next to merge first


def learn(text: str, pretokenize: bool, n_merges: int | None = None) -> Training:
    """Make the first `n_merges` merges of a text, or all if None; no merge crosses a piece.

    The pieces are the text's pre-tokens, or the whole text if it is not pre-tokenized.
    """
    parts = list(pretokens(text)) if pretokenize else [text] * bool(text)
    words = {part: tuple(part.encode()) for part in parts}
    n = Counter(parts)
    vocab = [bytes([byte]) for byte in range(256)]
    merges, made = [], []
    while True:
        total: Counter[Pair] = Counter()
        for part, tokens in words.items():
            total.update(count_pairs({tokens: n[part]}))
        pairs = sorted(
            total.items(), key=lambda item: (item[1], vocab[item[0][0]], vocab[item[0][1]])
        )[::-1]
        if not pairs or len(merges) == n_merges:
            return Training([words[part] for part in parts], vocab, merges, made, pairs)
        (left, right), count = pairs[0]
        words = {
            part: tuple(merge(tokens, (left, right), len(vocab))) for part, tokens in words.items()
        }
        merges.append((vocab[left], vocab[right]))
        made.append(count)
        vocab.append(vocab[left] + vocab[right])


class BpeSteps(CourseWidget):
    """A text of at most 300 characters, and how its tokens grow merge by merge."""

    _esm = source("shares.js", "bpe_training.js", "bpe_steps.js")

    samples = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Texts to choose from."""
    longest = traitlets.Int(LONGEST).tag(sync=True)
    """How many characters a text may have."""
    text = traitlets.Unicode(SAMPLES[0]).tag(sync=True)
    """The text that is learned from."""
    pretokenize = traitlets.Bool(True).tag(sync=True)
    """Whether merges stay inside pre-tokens."""
    step = traitlets.Int(0).tag(sync=True)
    """Number of merges made; all if there are fewer."""

    def __init__(self, text: str = SAMPLES[0], pretokenize: bool = True, step: int = 0) -> None:
        super().__init__(samples=list(SAMPLES), text=text, pretokenize=pretokenize, step=step)

    @traitlets.validate("text")
    def _text_is_text(self, proposal: dict) -> str:
        text = proposal["value"]
        if len(text) > LONGEST:
            raise ValueError(f"text must have at most {LONGEST} characters, got {len(text)}")
        check_text(text)
        return text

    @traitlets.validate("step")
    def _step_is_a_count(self, proposal: dict) -> int:
        return within("step", proposal["value"], 0, 4 * LONGEST)

    def training(self) -> Training:
        """Where the text stands after the merges made."""
        return learn(self.text, self.pretokenize, self.step)

    def _figure(self) -> Figure:
        now = self.training()
        figure, (top, bottom) = new_figure(2, height=2.3)
        _draw_tokens(top, now)
        top.set_title(
            f"The text after {len(now.merges)} merges; the pair that comes next is framed"
        )
        shown = now.pairs[:6]
        names = [f"{_name(now.vocab[a])} + {_name(now.vocab[b])}" for (a, b), _ in shown]
        colours = [VERMILLION] + [BLUE] * (len(shown) - 1)
        bars = bottom.barh(range(len(shown)), [count for _, count in shown], color=colours)
        bottom.bar_label(bars, padding=4)
        bottom.set_yticks(range(len(shown)), names)
        bottom.invert_yaxis()
        bottom.grid(visible=False)
        bottom.set_xticks([])
        bottom.set_title("Pairs and in how many places each stands")
        return figure


def _draw_tokens(axes: Axes, now: Training, columns: int = 44, lines: int = 6) -> None:
    """Boxes in lines, a piece apart from the next, as many as there is room for."""
    x = line = 0
    for tokens in now.pieces:
        places = _places(tokens, now.pairs[0][0]) if now.pairs else set()
        for place, token in enumerate(tokens):
            name = _name(now.vocab[token])
            width = len(name) + 1
            if x and x + width > columns:
                x, line = 0, line + 1
            if line == lines:
                break
            edge = VERMILLION if places & {place, place - 1} else PALE
            style = {"boxstyle": "square,pad=0.25", "facecolor": "none", "edgecolor": edge}
            axes.text(x, -line, name, fontfamily="monospace", fontsize=10, color=INK, bbox=style)
            x += width + 0.6
        x += 1
    axes.set(xlim=(-1, columns + 4), ylim=(-max(line, 3) - 0.6, 0.8))
    axes.axis("off")


def _places(tokens: tuple[int, ...], pair: Pair) -> set[int]:
    """Where merging takes the pair, from left to right."""
    places, place = set(), 0
    while place + 1 < len(tokens):
        found = tokens[place : place + 2] == pair
        if found:
            places.add(place)
        place += 1 + found
    return places


def _name(token: bytes) -> str:
    """A token in print: ASCII as it is, other bytes in hexadecimal, which every font has."""
    if token.isascii() and token.decode().isprintable():
        return token.decode().replace(" ", "␣")
    return token.hex(" ").upper()
