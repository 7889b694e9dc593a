"""The widget merges as the trainer does, in Python and in the page, whatever text is typed."""

import random
from itertools import pairwise

import pytest

from course_lib.tokenizer.bpe import train_bpe
from course_lib.tokenizer.pretokenize import pretokens
from course_lib.widgets.bpe_steps import LONGEST, SAMPLES, BpeSteps, learn

ODD = [
    "",
    "a",
    "aa",
    "aaaaaaa aaa",
    "It's we'll I'd they've 'sour' ''s",
    "tabs\tand  two   spaces \n\n new\u3000lines\x85 \u2028end  ",
    "\ufeffbom\ufeff \x1cfile\x1d separators\x1e\x1f are no white space\x00",
    "が が か\u3099 é e\u0301 ﬁ ½ ² Ⅻ १२३ _ __ a_b",
    "🇯🇵🇯🇵🇫🇷 👨‍👩‍👧‍👦 \U0010ffff \u200d",
    "ÿÿþþ ÿþÿþ",
]


def texts() -> list[str]:
    """The samples, odd ones, and random ones over few letters, where ties abound."""
    generator = random.Random(0)
    drawn = ["".join(generator.choices("ab é。", k=40)) for _ in range(12)]
    return [*SAMPLES, *ODD, *drawn]


def by_hand(pieces: list[str]) -> list[tuple[bytes, bytes]]:
    """All merges of a text, on lists of byte strings, with nothing counted twice or kept."""
    parts = [[bytes([byte]) for byte in piece.encode()] for piece in pieces]
    merges = []
    while any(len(part) > 1 for part in parts):
        pairs = [pair for part in parts for pair in pairwise(part)]
        best = max(set(pairs), key=lambda pair: (pairs.count(pair), pair))
        merges.append(best)
        for part in parts:
            place = 0
            while place + 1 < len(part):
                if (part[place], part[place + 1]) == best:
                    part[place : place + 2] = [best[0] + best[1]]
                place += 1
    return merges


@pytest.mark.parametrize("text", texts())
def test_python_merges_as_the_trainer_does(text):
    assert learn(text, True).merges == train_bpe(text, 10_000)[1]


@pytest.mark.parametrize("text", texts())
def test_without_pre_tokens_the_text_is_one_piece(text):
    found = learn(text, False)
    assert found.merges == by_hand([text])
    assert len(found.pieces) == (text != "")
    assert (
        b"".join(found.vocab[token] for piece in found.pieces for token in piece).decode() == text
    )


def test_the_worked_example():
    start = learn("aaabdaaabac", True, 0)
    a, b = ord("a"), ord("b")
    assert start.pairs[0] == ((a, a), 4)
    assert start.pairs[1] == ((a, b), 2)
    second = learn("aaabdaaabac", True, 2)
    assert second.merges == [(b"a", b"a"), (b"aa", b"a")]
    assert second.counts == [4, 2]
    assert len(second.pieces[0]) == 7


def test_figure_frames_the_next_pair_and_draws_the_counts():
    widget = BpeSteps("dog dog. dog!", step=1)
    top, bottom = widget.figure().axes
    assert [text.get_text() for text in top.texts] == [
        "d",
        "og",
        "␣",
        "d",
        "og",
        ".",
        "␣",
        "d",
        "og",
        "!",
    ]
    counts = [count for _, count in widget.training().pairs][:6]
    assert [bar.get_width() for bar in bottom.patches] == counts
    assert BpeSteps("").figure().axes
    assert BpeSteps("一二三四五六七八九十" * 30).figure().axes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": "a" * 301}, "text must have at most 300 characters, got 301"),
        ({"text": "\ud83d"}, r"text has '\\ud83d' at 0: half of a surrogate pair"),
        ({"step": -1}, "step must lie between 0 and 1200, got -1"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        BpeSteps(**options)


@pytest.mark.browser
@pytest.mark.parametrize("cut", [True, False])
def test_page_merges_as_python_does(show, cut):
    page = show(BpeSteps())
    for text in texts():
        expected = learn(text, cut)
        found = page.evaluate("([text, cut]) => widget.learn(text, cut)", [text, cut])
        vocab = [bytes(token) for token in found["vocab"]]
        assert vocab == expected.vocab
        assert [(vocab[m["left"]], vocab[m["right"]]) for m in found["merges"]] == expected.merges
        assert [m["count"] for m in found["merges"]] == expected.counts
        n = len(text.encode()) - sum(m["merged"] for m in found["merges"])
        assert n == sum(map(len, expected.pieces))
        some = len(expected.merges) // 2
        half = learn(text, cut, some)
        found = page.evaluate("given => widget.learn(...given)", [text, cut, some])
        assert found["pieces"] == [list(piece) for piece in half.pieces]
        pairs = [((pair["left"], pair["right"]), pair["count"]) for pair in found["pairs"]]
        assert pairs == half.pairs


@pytest.mark.browser
def test_page_cuts_as_python_does_around_every_white_space(show):
    page = show(BpeSteps())
    characters = [chr(code) for code in range(0x3100) if chr(code).isspace() or code < 0x100]
    text = "".join(
        f"a{c}b{c}{c}1 {c}'s{c} {c}" for c in [*characters, "\ufeff", "\u200b", "\u180e"]
    )
    assert page.evaluate("text => widget.pieces(text, true)", text) == list(pretokens(text))


@pytest.mark.browser
@pytest.mark.parametrize(
    ("token", "name"),
    [
        (b"a", "a"),
        (b" the", "␣the"),
        ("も".encode(), "も"),
        ("も".encode()[:2], "E3 82"),
        ("も".encode() + b"\xe3", "E3 82 82 E3"),
        ("\u200d".encode(), "E2 80 8D"),
        ("\ufeff".encode(), "EF BB BF"),
        (b"\n", "⏎"),
        (b"\xff", "FF"),
        (b"\x00", "00"),
    ],
)
def test_tokens_are_named_by_what_can_be_seen(show, token, name):
    assert show(BpeSteps()).evaluate("bytes => widget.tokenName(bytes)", list(token)) == name


def digits(page) -> list[str]:
    return page.locator("output .cw-digits").all_inner_texts()


@pytest.mark.browser
def test_keyboard_steps_forth_and_back(show):
    page = show(BpeSteps())
    assert digits(page) == ["11", "11", "1.00", "256 + 0", "1 pre-token", "4"]
    assert "“a” + “a”, in 4 places. Merging takes 2: the others overlap them." in (
        page.locator("output").inner_text()
    )
    assert page.locator(".cw-next").count() == 2
    page.get_by_role("button", name="Merge").press("Enter")
    assert digits(page) == ["11", "9", "1.22", "256 + 1", "1 pre-token", "2"]
    assert "of 2 pairs as common, the greatest" in page.locator("output").inner_text()
    page.get_by_role("slider", name="Merges made").press("End")
    assert digits(page) == ["11", "1", "11.00", "256 + 7", "1 pre-token", "–"]
    assert "nothing more to merge" in page.locator("output").inner_text()
    page.get_by_role("button", name="Merge").press("Enter")
    assert page.evaluate("model.get('step')") == 7
    page.get_by_role("button", name="Undo").press("Enter")
    assert page.evaluate("model.get('step')") == 6
    page.get_by_role("slider", name="Merges made").press("Home")
    page.get_by_role("button", name="Undo").press("Enter")
    assert page.evaluate("model.get('step')") == 0


@pytest.mark.browser
def test_a_text_of_ones_own(show):
    page = show(BpeSteps(step=3))
    field = page.get_by_role("textbox")
    field.fill("")
    assert digits(page) == ["0", "0", "–", "256 + 0", "0 pre-tokens", "–"]
    assert "at least two bytes" in page.locator("output").inner_text()
    field.press_sequentially("ab ab")
    assert field.input_value() == "ab ab"
    assert page.get_by_role("combobox").input_value() == ""
    assert page.locator(".cw-piece").count() == 2
    assert page.locator(".cw-token").all_inner_texts() == ["ab", "␣ab"]
    page.get_by_role("checkbox").press("Space")
    assert page.locator(".cw-piece").count() == 1
    assert digits(page)[4] == "not cut"
    field.fill("x" * 2 * LONGEST)
    assert len(page.evaluate("model.get('text')")) == LONGEST
    page.get_by_role("combobox").select_option(SAMPLES[3])
    assert page.evaluate("model.get('step')") == 0
    assert field.input_value() == SAMPLES[3]
    assert page.locator(".cw-token").first.inner_text() == "E3"


@pytest.mark.browser
def test_a_tap_merges(show):
    page = show(BpeSteps(), width=390)
    page.get_by_role("button", name="Merge").tap()
    assert page.locator(".cw-token").all_inner_texts()[:3] == ["aa", "a", "b"]
    assert page.locator(".cw-newest").count() == 2


@pytest.mark.browser
@pytest.mark.parametrize("width", [340, 800])
@pytest.mark.parametrize(
    "text", [*SAMPLES, "Donaudampfschifffahrts " * 13, "👩‍👩‍👧‍👦" * 25, "が" * 299, ""]
)
def test_no_text_makes_the_page_jump_or_overflow(show, width, text):
    page = show(BpeSteps(), width=width)
    page.wait_for_timeout(50)
    height = "document.querySelector('.course-widget').offsetHeight"
    before = page.evaluate(height)
    page.evaluate("text => { model.set('text', text); }", text)
    total = learn(text, True).merges
    for step in {0, 1, len(total) // 2, len(total)}:
        page.evaluate("step => { model.set('step', step); }", step)
        assert page.evaluate(height) == before
        assert page.evaluate("document.documentElement.scrollWidth") <= width
