"""Widget: colour the tokens of any text under two vocabularies, and count them under all."""

from collections.abc import Mapping

import traitlets
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_lib.plotting import BLUE, COLOURS, GREY, INK, VERMILLION, new_figure
from course_lib.tokenizer import Tokenizer
from course_lib.tokenizer.validation import check_text
from course_lib.widgets.base import CourseWidget
from course_lib.widgets.packed_merges import pack_vocabularies
from course_lib.widgets.source import source
from course_lib.widgets.validation import one_of, within

LONGEST = 600
TEXTS = {
    "a sentence": "The state of the Union is strong, and the people's unbelievable patience "
    "deserves thanks.",
    "the same in Japanese": "連邦の現状は力強く、国民の信じがたい忍耐は感謝に値する。",
    "code": "def mean(values):\n    if not values:\n        return 0.0\n"
    "    return sum(values) / len(values)\n",
    "numbers": "7 42 123 1234 12345 123456 1,234,567 3.14159 2026-11-26",
    "with and without a space": "Hello Hello hello hello HELLO  Hello",
    "emoji and accents": "naïve café 👍🏽 👩‍👩‍👧 e\u0301 ﬁn 日本",
    "a special token": "The end.<|endoftext|>The beginning.",
}
"""Texts to begin with, by name."""


class TokenColours(CourseWidget):
    """A text, its tokens under two of several vocabularies, and their number under all of them.

    Args:
        vocabularies: tokenizers by name, the smallest first; each cuts by GPT-2's pattern.
        texts: texts to choose from, by name; the reader may also write.
        text: what is shown first, the first of `texts` if None.
        first, second: names of the two vocabularies shown, by default the last two.
    """

    _esm = source("byte_pairs.js", "token_colours.js")

    vocabularies = traitlets.List(traitlets.Dict()).tag(sync=True)
    """Of each: name, which list of merges and how many of them, ids of the bytes and specials."""
    merges = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Lists of merges, packed; a vocabulary knows the first `n_merges` of one of them."""
    texts = traitlets.List(traitlets.Dict()).tag(sync=True)
    """Texts to choose from, each with its name."""
    text = traitlets.Unicode().tag(sync=True)
    """The text whose tokens are shown."""
    first = traitlets.Unicode().tag(sync=True)
    """Name of the vocabulary on the left."""
    second = traitlets.Unicode().tag(sync=True)
    """Name of the vocabulary on the right."""
    place = traitlets.Int(0).tag(sync=True)
    """A byte of the text; the tokens that hold it are framed."""
    longest = traitlets.Int(LONGEST).tag(sync=True)
    """Most characters that the text may have."""

    def __init__(
        self,
        vocabularies: Mapping[str, Tokenizer],
        texts: Mapping[str, str] = TEXTS,
        text: str | None = None,
        first: str | None = None,
        second: str | None = None,
        place: int = 0,
    ) -> None:
        if len(vocabularies) < 2:
            raise ValueError(f"vocabularies must be at least two, got {list(vocabularies)}")
        if not texts:
            raise ValueError("texts must hold at least one text, got none")
        names = list(vocabularies)
        self.tokenizers = dict(vocabularies)
        packed, merges = pack_vocabularies(vocabularies)
        super().__init__(
            vocabularies=packed,
            merges=merges,
            texts=[{"name": name, "text": one} for name, one in texts.items()],
            text=next(iter(texts.values())) if text is None else text,
            first=names[-2] if first is None else first,
            second=names[-1] if second is None else second,
            place=place,
        )

    @traitlets.validate("first", "second")
    def _is_a_vocabulary(self, proposal: dict) -> str:
        return one_of(proposal["trait"].name, proposal["value"], list(self.tokenizers))

    @traitlets.validate("text")
    def _is_short_and_text(self, proposal: dict) -> str:
        within("number of characters in text", len(proposal["value"]), 0, LONGEST)
        check_text(proposal["value"])
        return proposal["value"]

    @traitlets.validate("place")
    def _is_a_place(self, proposal: dict) -> int:
        return within("place", proposal["value"], 0, 4 * LONGEST)

    def tokens(self, name: str) -> list[tuple[int, bytes]]:
        """Id and bytes of each token of the text under one vocabulary."""
        tokenizer = self.tokenizers[one_of("name", name, list(self.tokenizers))]
        return [(one, tokenizer.vocab[one]) for one in tokenizer.encode(self.text)]

    def counts(self) -> dict[str, int]:
        """Number of tokens of the text under each vocabulary."""
        return {name: len(self.tokens(name)) for name in self.tokenizers}

    def _figure(self) -> Figure:
        figure, (top, middle, bottom) = new_figure(3, height=1.7)
        for axes, name in ((top, self.first), (middle, self.second)):
            _draw_tokens(axes, f"{name}: {self.counts()[name]} tokens", self.tokens(name))
        counts = self.counts()
        colours = [{self.first: BLUE, self.second: VERMILLION}.get(one, GREY) for one in counts]
        bars = bottom.barh(list(counts), list(counts.values()), color=colours)
        bottom.bar_label(bars, padding=3, fontsize=10)
        bottom.invert_yaxis()
        bottom.margins(x=0.12)
        bottom.grid(visible=False)
        bottom.tick_params(axis="y", labelcolor=INK, labelsize=10)
        bottom.set(title="Tokens under each vocabulary", xticks=[])
        return figure


def spelling(token: bytes) -> str:
    """What a token's bytes spell, white space made visible, or the bytes in hexadecimal."""
    try:
        text = token.decode()
    except UnicodeDecodeError:
        return token.hex(" ").upper()
    return text.translate(str.maketrans({" ": "␣", "\n": "⏎", "\t": "⇥", "\u3000": "□"}))


def _draw_tokens(axes: Axes, title: str, tokens: list[tuple[int, bytes]]) -> None:
    """Tokens as tinted boxes in lines, as far as there is room."""
    n_letters, n_lines, gap = 62, 5, 0.4
    known = font_manager.get_font(font_manager.findfont("DejaVu Sans Mono")).get_charmap()
    axes.set(xlim=(0, n_letters), ylim=(n_lines, 0), title=title)
    axes.axis("off")
    column, line = 0.0, 0
    for i, (_, token) in enumerate(tokens):
        words = spelling(token)
        if any(ord(letter) not in known for letter in words):
            words = token.hex(" ").upper()
        width = len(words) + gap
        if column and column + width > n_letters:
            column, line = 0.0, line + 1
        if line == n_lines:
            break
        place = (column, line + 0.1)
        axes.add_patch(Rectangle(place, width, 0.8, color=COLOURS[i % 5], alpha=0.22, linewidth=0))
        style = {"fontsize": 8, "family": "DejaVu Sans Mono", "va": "center", "ha": "center"}
        axes.text(column + width / 2, line + 0.5, words, **style)
        column += width + gap
