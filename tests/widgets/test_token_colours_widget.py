"""The page cuts and merges as Python does, on the same texts and on every character there is."""

import base64
import json
import random
import struct
import unicodedata
from functools import cache

import pytest
import regex
from examples import CODE, JAPANESE, token_colours, vocabularies

from course_lib.data.corpora import state_of_the_union
from course_lib.data.messages import japanese_messages
from course_lib.data.source_code import python_source
from course_lib.tokenizer import Tokenizer
from course_lib.tokenizer.pretokenize import CL100K_PATTERN, GPT2_PATTERN, pretokens
from course_lib.widgets.packed_merges import pack_merges, pack_vocabularies
from course_lib.widgets.token_colours import LONGEST, TEXTS, TokenColours, spelling

# Texts go to the page and tokens come back as one string of JSON: Playwright is slow on long lists.
ENCODE = """([name, texts]) => {
  const one = model.get("vocabularies").find((each) => each.name === name);
  const merges = widget.unpackMerges(model.get("merges")[one.merges]);
  const encode = widget.makeTokenizer(merges, one.n_merges, one.byte_ids, one.special_tokens);
  const pair = ({ id, bytes }) => [id, bytes];
  return JSON.stringify(JSON.parse(texts).map((text) => encode(text).map(pair)));
}"""
CUT = "texts => JSON.stringify(JSON.parse(texts).map(widget.pretokens))"
LENGTHS = """([from, to]) => Array.from({ length: to - from }, (_, i) => {
  const c = String.fromCodePoint(from + i);
  return widget.pretokens(`a${c}1 ${c}.`).map((part) => [...part].length).join("");
}).join(" ")"""

# Where characters are assigned, but for those of private use, in ranges of code points.
PLANES = ((0, 0xD800), (0xE000, 0x34000), (0xE0000, 0xE0200))


def odd_texts() -> list[str]:
    """Texts on which tokenizers have disagreed."""
    return [
        *TEXTS.values(),
        JAPANESE,
        CODE,
        "",
        " ",
        "  \n\n  \t\t x",
        "a\u0085b\u00a0c\u3000d\ufeffe\u200bf\u2028g\x1ch",
        "we're WE'RE it's 's''s don't'll",
        "e\u0301 \u1100\u1161\u11a8 क्षि ﷺ",
        "👩‍👩‍👧‍👦🏳️‍🌈 🇯🇵👍🏽",
        "１２３ ²³ Ⅷ ٣٤ 一二三",
        "<|endoftext|>",
        "a<|endoftext|><|endoftext|> b <|endoftext",
        "a" * 200,
        "-" * 90 + " " * 70 + "=" * 20,
        "\x00\x01\x7f\x80\u009f",
        "\U0010ffff\ue000",
    ]


def random_texts(n: int, seed: int = 0) -> list[str]:
    """Random letters of two planes and of those that matter to the pattern."""
    draw = random.Random(seed)
    near = "aZé'sdmtlrve 09\n\t\r,.-<|>日本\u3000\u0301👍"
    far = [c for c in range(0x20000) if not 0xD800 <= c < 0xE000 and assigned(c)]
    return [
        "".join(
            draw.choice(near) if draw.random() < 0.8 else chr(draw.choice(far))
            for _ in range(draw.randrange(40))
        )
        for _ in range(n)
    ]


def assigned(code: int) -> bool:
    """Whether this Python's Unicode knows the character; a browser may know a newer Unicode."""
    return unicodedata.category(chr(code)) != "Cn"


def running_texts() -> list[str]:
    """English, Japanese and Python, as they are written."""
    return [
        state_of_the_union()[100].text[:20_000],
        " ".join(japanese for _, japanese in japanese_messages())[:20_000],
        python_source()[100_000:120_000],
    ]


@cache
def all_texts() -> list[str]:
    return odd_texts() + random_texts(1000) + running_texts()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["bytes", "English, 300", "English, 500", "mixed, 500", "GPT-2"])
def test_page_encodes_as_python_does(show, name):
    page = show(token_colours())
    tokenizer = vocabularies()[name]
    texts = all_texts()
    encoded = json.loads(page.evaluate(ENCODE, [name, json.dumps(texts)]))
    for text, found in zip(texts, encoded, strict=True):
        assert [one for one, _ in found] == tokenizer.encode(text), text
        assert [bytes(spelled) for _, spelled in found] == [tokenizer.vocab[i] for i, _ in found]


@pytest.mark.browser
def test_page_cuts_where_python_cuts(show):
    page = show(token_colours())
    texts = all_texts()
    found = json.loads(page.evaluate(CUT, json.dumps(texts)))
    assert found == [list(pretokens(text)) for text in texts]


@pytest.mark.browser
def test_every_character_is_of_the_same_kind_on_the_page(show):
    page = show(token_colours())
    compiled = regex.compile(GPT2_PATTERN)
    for first, last in PLANES:
        found = page.evaluate(LENGTHS, [first, last]).split(" ")
        assert len(found) == last - first
        expected = (
            "".join(str(len(part)) for part in compiled.findall(f"a{chr(code)}1 {chr(code)}."))
            for code in range(first, last)
        )
        pairs = enumerate(zip(found, expected, strict=True), start=first)
        assert [hex(code) for code, (a, b) in pairs if a != b and assigned(code)] == []


def test_packed_merges_are_pairs_of_numbers():
    packed = pack_merges([(b"a", b"b"), (b"ab", b"ab"), (b"\xff", b"abab")])
    numbers = struct.unpack("<6H", base64.b64decode(packed))
    assert numbers == (97, 98, 256, 256, 255, 257)


def test_a_vocabulary_that_begins_another_has_no_merges_of_its_own():
    described, merges = pack_vocabularies(vocabularies())
    assert len(merges) == 3  # English, mixed, GPT-2
    by_name = {one["name"]: one for one in described}
    assert by_name["English, 300"]["merges"] == by_name["English, 500"]["merges"]
    assert by_name["English, 300"]["n_merges"] == 300 - 256
    assert by_name["bytes"]["n_merges"] == 0
    assert by_name["bytes"]["byte_ids"] == []
    assert by_name["GPT-2"]["byte_ids"][ord("!")] == 0
    assert by_name["mixed, 500"]["special_tokens"] == {"<|endoftext|>": 499}


def test_tokens_spell_the_text_and_are_counted():
    widget = token_colours(text=JAPANESE + CODE)
    counts = widget.counts()
    assert list(counts) == list(vocabularies())
    for name, count in counts.items():
        tokens = widget.tokens(name)
        assert b"".join(token for _, token in tokens).decode() == JAPANESE + CODE
        assert len(tokens) == count
    assert counts["bytes"] == len((JAPANESE + CODE).encode())


def test_texts_to_choose_from_fit():
    assert all(len(text) <= LONGEST for text in TEXTS.values())
    assert len(TEXTS) == len(set(TEXTS.values()))


def test_white_space_is_made_visible_and_broken_characters_are_shown_as_bytes():
    assert spelling(" a\n\t\u3000".encode()) == "␣a⏎⇥□"
    assert spelling("猫".encode()[:2]) == "E7 8C"


def test_figure_draws_the_tokens_and_the_counts():
    widget = token_colours(text="a cat\n猫 👍")
    top, middle, bottom = widget.figure().axes
    for axes, name in ((top, widget.first), (middle, widget.second)):
        tokens = widget.tokens(name)
        assert axes.get_title(loc="left") == f"{name}: {len(tokens)} tokens"
        words = [text.get_text() for text in axes.texts]
        assert words[0] == spelling(tokens[0][1])
        assert len(words) == len(axes.patches) == len(tokens)
        assert not any("猫" in word for word in words)  # no font for it is sure to be there
    assert [bar.get_width() for bar in bottom.patches] == list(widget.counts().values())


def test_a_text_too_long_for_the_figure_ends_where_the_room_does():
    top, *_ = token_colours(text="word " * 120, second="bytes", first="bytes").figure().axes
    assert 0 < len(top.texts) < 600


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"first": "none"}, "first must be one of .*, got 'none'"),
        ({"second": "none"}, "second must be one of .*, got 'none'"),
        ({"text": "a" * 601}, "number of characters in text must lie between 0 and 600, got 601"),
        ({"text": "a\ud83d"}, r"text has '\\ud83d' at 1: half of a surrogate pair"),
        ({"place": -1}, "place must lie between 0 and 2400, got -1"),
        ({"texts": {}}, "texts must hold at least one text"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        token_colours(**options)


def changed(**attributes) -> Tokenizer:
    """A tokenizer of bytes with another pattern, merges or ids than its maker would allow."""
    tokenizer = Tokenizer({byte: bytes([byte]) for byte in range(256)}, [])
    for name, value in attributes.items():
        setattr(tokenizer, name, value)
    return tokenizer


def test_bad_vocabularies_are_named():
    plain = changed()
    with pytest.raises(ValueError, match=r"vocabularies must be at least two, got \['plain'\]"):
        TokenColours({"plain": plain})
    for tokenizer, message in (
        (changed(pattern=regex.compile(CL100K_PATTERN)), "odd must cut by GPT-2's pattern"),
        (
            changed(merges=[(b"a", b"b")], ids={**plain.ids, b"ab": 300}),
            "merge 0 of odd must make id 256 of two earlier tokens, got b'a' and b'b'",
        ),
        (
            changed(merges=[(b"ab", b"c")], ids={**plain.ids, b"abc": 256}),
            "merge 0 of odd must make id 256 of two earlier tokens, got b'ab' and b'c'",
        ),
        (changed(ids={b"a": 97}), "odd must hold all 256 bytes, got 1"),
        (
            changed(merges=[(b"a", b"b")] * (2**16 - 255)),
            "odd must have at most 65280 merges, got 65281",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            TokenColours({"plain": plain, "odd": tokenizer})


@pytest.mark.browser
def test_what_the_reader_writes_is_encoded(show):
    page = show(token_colours())
    box = page.get_by_role("textbox", name="Your text")
    box.fill("Hello  Hello 猫")
    gpt2 = vocabularies()["GPT-2"]
    chips = page.get_by_role("region", name="The tokens under GPT-2").locator(".cw-chip")
    ids = [int(text) for text in chips.locator(".cw-id").all_inner_texts()]
    assert ids == gpt2.encode("Hello  Hello 猫")
    assert page.get_by_role("combobox", name="Text").input_value() == ""
    spelled = chips.locator(":scope > :first-child").all_inner_texts()
    assert spelled == [spelling(gpt2.vocab[i]) for i in ids]
    digits = page.locator("output .cw-digits").all_inner_texts()
    n_bytes = len("Hello  Hello 猫".encode())
    assert digits[:2] == ["14", str(n_bytes)]
    assert digits[4] == str(len(ids))
    assert digits[5] == f"{n_bytes / len(ids):.2f}"


@pytest.mark.browser
def test_an_empty_text_has_no_tokens(show):
    page = show(token_colours())
    page.get_by_role("textbox", name="Your text").fill("")
    text = page.locator("output").inner_text()
    assert "no token" in text
    assert page.locator(".cw-chip").count() == 0
    assert page.get_by_role("slider", name="Token").is_disabled()


@pytest.mark.browser
def test_keyboard_walks_through_the_tokens(show):
    page = show(token_colours(text="the cat 猫", first="GPT-2", second="bytes"))
    page.get_by_role("slider", name="Token").press("ArrowRight")
    said = page.locator("output").inner_text()
    assert "GPT-2: “␣cat”, id 3797, bytes 20 63 61 74. bytes:" in said
    page.get_by_role("slider", name="Token").press("End")
    assert "part of a character" in page.locator("output").inner_text()
    framed = page.locator(".cw-chosen")
    assert framed.count() == 2
    page.get_by_role("combobox", name="Vocabulary").select_option("mixed, 500")
    assert page.evaluate("model.get('first')") == "mixed, 500"


@pytest.mark.browser
def test_a_tap_on_a_token_frames_those_at_the_same_place(show):
    page = show(token_colours(text="the cat", first="GPT-2", second="bytes"), width=390)
    letters = page.get_by_role("region", name="The tokens under bytes").locator(".cw-chip")
    letters.nth(5).tap()
    assert page.evaluate("model.get('place')") == 5
    chosen = page.locator(".cw-chosen > :first-child").all_inner_texts()
    assert chosen == ["␣cat", "a"]


@pytest.mark.browser
def test_bars_say_how_many_tokens_each_vocabulary_needs(show):
    widget = token_colours()
    label = show(widget).locator("svg[role=img]").get_attribute("aria-label")
    said = ", ".join(f"{name} {count}" for name, count in widget.counts().items())
    assert label == f"Tokens: {said}."
