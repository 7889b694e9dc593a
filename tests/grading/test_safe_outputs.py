import base64
import io
import json
import struct
import zlib

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from pages import acting, feedback_exporter, formgrade_exporter, page
from payloads import PAYLOADS, PNG
from PIL import Image

from course_lib.grading.legible import cut, legible
from course_lib.grading.pictures import MAX_PIXELS, safe_picture
from course_lib.grading.safe_outputs import safe_outputs

MORE = "\n[More was printed or drawn than is shown here.]\n"


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def display(data, **more):
    return {"output_type": "display_data", "data": data, "metadata": {}, **more}


def error(name="E", value="v", lines=("E: v",)):
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": list(lines)}


def texts(outputs):
    return [(output.name, output.text) for output in outputs]


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


def chunk(kind, content):
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def test_what_is_plain_stays_as_it_is():
    outputs = [
        stream("a\n\tä 😀\n"),
        display({"image/png": PNG, "text/plain": "<Figure>"}),
        {"output_type": "execute_result", "execution_count": 3, "data": {"text/plain": "1.5"}},
        stream("oh\n", "stderr"),
        error("ValueError", "no", ["Traceback", "ValueError: no"]),
    ]
    kept = safe_outputs(outputs, 100_000)
    for output in outputs[1:3]:
        output["metadata"] = {}
    assert kept == outputs
    nbformat.validate(new_notebook(cells=[new_code_cell("", outputs=kept)]))


def test_pieces_of_one_stream_are_joined_and_the_order_stays():
    outputs = [stream("a"), stream(["b", "c"]), stream("!", "stderr"), stream("d"), stream("")]
    expected = [("stdout", "abc"), ("stderr", "!"), ("stdout", "d")]
    assert texts(safe_outputs(outputs, 10_000)) == expected


def test_an_escape_between_two_pieces_is_removed():
    assert texts(safe_outputs([stream("a\x1b[3"), stream("1mb")], 10_000)) == [("stdout", "ab")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31;1mred\x1b[0m", "ared"),
        ("\x1b]0;title\x07x\x1b]8;;http://a\x1b\\y", "xy"),
        ("\x1bP1;2q\x1b\\z\x1b(Bx\x1b=\x1bcy", "zxy"),
        ("\x9b31mx\x9d0;t\x9cy", "xy"),
        ("\x1b[31", "\\x1b[31"),
        ("\x1b]never ended", "\\x1b]never ended"),
        ("10%\r20%\r100%\ndone\r\n", "100%\ndone\n"),
        ("10%\r20%\r", "20%"),
        ("a\x00b\x07c\x08d\x7fe\x85f", "a\\x00b\\x07c\\x08d\\x7fe\\x85f"),
        ("safe\u202egnp.exe\u2066x\u2069", "safe\\u202egnp.exe\\u2066x\\u2069"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("tab\tline\n", "tab\tline\n"),
        ("ä€😀👩‍🔬", "ä€😀👩‍🔬"),
    ],
)
def test_controls_are_removed_or_shown(text, shown):
    assert legible(text) == shown


@given(st.text(st.characters(codec=None, exclude_categories=())))
@settings(deadline=None)
def test_legible_text_has_no_controls_and_stays(text):
    shown = legible(text)
    shown.encode()
    assert not any(ord(sign) < 32 and sign not in "\n\t" for sign in shown)
    assert legible(shown) == shown


@pytest.mark.parametrize("sign", ["\x1b", "\x1b[", "\x1b]", "\x1b[3", "\r", "\x9d", "\ud800"])
def test_a_million_controls_take_no_time(sign):
    assert len(legible(sign * 300_000)) <= 10 * 300_000


@given(st.text(max_size=50), st.integers(0, 60))
def test_a_cut_is_the_longest_start_that_fits(text, size):
    start = cut(text, size)
    assert text.startswith(start)
    assert len(start.encode()) <= size
    assert len(text[: len(start) + 1].encode()) > size or start == text


def test_much_text_is_cut_with_a_note():
    kept = safe_outputs([stream("é" * 100_000), stream("late", "stderr")], 50_000)
    assert kept[-1].text == MORE
    assert set(kept[0].text) == {"é"}
    assert 20_000 < len(kept[0].text.encode()) <= 50_000
    assert len(kept) == 2


def test_an_error_after_much_text_is_kept():
    kept = safe_outputs([stream("x" * 100_000), error("ZeroDivisionError")], 50_000)
    assert [output.output_type for output in kept] == ["stream", "error", "stream"]
    assert kept[1].ename == "ZeroDivisionError"


@pytest.mark.parametrize(
    "outputs",
    [
        [error("E" * 10**6, "v" * 10**6, ["t" * 10**6] * 10**4)] * 10,
        [error("", "", [])] * 10**4,
        [stream("x", name) for name in ("stdout", "stderr")] * 10**4,
        [display({"text/plain": "x" * 10**6})] * 10,
        [display({})] * 10**4,
        [display({"x" * 10**6: "y"})] * 1_000,
    ],
    ids=["errors", "many errors", "many streams", "texts", "empty", "names"],
)
def test_the_whole_is_bounded_as_a_file(outputs):
    kept = safe_outputs(outputs, 100_000)
    assert kept[-1].text == MORE
    assert len(json.dumps(kept)) < 150_000


def test_a_traceback_keeps_its_end():
    (kept,) = safe_outputs([error(lines=[f"line {number}" for number in range(100)])], 100_000)
    assert kept.traceback == [f"line {number}" for number in range(60, 100)]


def test_other_kinds_are_named_but_not_shown():
    data = {"text/html": "<b>x</b>", "application/javascript": "alert(1)", "image/svg+xml": "<svg>"}
    (kept,) = safe_outputs([display(data)], 10_000)
    named = "[An output that is not shown here: text/html, application/javascript, image/svg+xml.]"
    assert kept.data == {"text/plain": named}
    (kept,) = safe_outputs([display({**data, "text/plain": "x"}, transient={"a": 1})], 10_000)
    assert kept == {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}


fields = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
outputs = st.fixed_dictionaries(
    {},
    optional={
        "output_type": st.sampled_from(["stream", "display_data", "execute_result", "error"])
        | fields,
        "name": st.sampled_from(["stdout", "stderr"]) | fields,
        "data": st.dictionaries(st.sampled_from(["text/plain", "image/png", "text/html"]), fields)
        | fields,
        **dict.fromkeys(("text", "metadata", "execution_count", "ename", "evalue"), fields),
        "traceback": fields,
        "more": fields,
    },
)


@given(st.lists(outputs | fields, max_size=5))
@settings(deadline=None)
def test_whatever_comes_the_result_is_valid(given_outputs):
    kept = safe_outputs(given_outputs, 10_000)
    nbformat.validate(new_notebook(cells=[new_code_cell("", outputs=kept)]))


# Pictures.


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_a_picture_stays_bit_for_bit(mode):
    image = Image.new(mode, (30, 20), 100 if mode in "LP" else None)
    content = encoded(image, "PNG")
    lines = "\n".join(content[start : start + 76] for start in range(0, len(content), 76))
    assert safe_picture("image/png", lines + "\n") == content
    content = encoded(image.convert("RGB"), "JPEG")
    assert safe_picture("image/jpeg", content) == content


def refused():
    image = Image.new("RGB", (100, 100), "red")
    good = base64.b64decode(encoded(image, "PNG"))
    side = int(MAX_PIXELS**0.5) + 1
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(10_000)))
        + chunk(b"IEND", b"")
    )
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "blue")]
    yield "not base64", "image/png", "###"
    yield "not a string", "image/png", 3
    yield "nothing", "image/png", ""
    yield "HTML", "image/png", base64.b64encode(b"<script>alert(1)</script>").decode()
    yield "SVG", "image/png", base64.b64encode(b"<svg onload='alert(1)'/>").decode()
    yield "cut short", "image/png", base64.b64encode(good[: len(good) // 2]).decode()
    yield (
        "a wrong checksum",
        "image/png",
        base64.b64encode(good[:20] + b"\xff" + good[21:]).decode(),
    )
    yield "a JPEG called PNG", "image/png", encoded(image, "JPEG")
    yield "a PNG called JPEG", "image/jpeg", encoded(image, "PNG")
    yield "a GIF", "image/png", encoded(image, "GIF")
    yield "a type of its own", "image/gif", encoded(image, "GIF")
    yield "many pixels", "image/png", encoded(Image.new("1", (side, side)), "PNG")
    yield "a bomb", "image/png", base64.b64encode(bomb).decode()
    yield "a film", "image/png", encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("mime_type", "content"), [pytest.param(*rest, id=name) for name, *rest in refused()]
)
def test_what_is_no_bearable_picture_is_refused(mime_type, content):
    assert safe_picture(mime_type, content) is None
    (kept,) = safe_outputs([display({mime_type: content})], 100_000_000)
    assert list(kept.data) == ["text/plain"]


# The pages.


KINDS = [
    *("text/html", "text/markdown", "text/latex", "image/svg+xml", "application/javascript"),
    *("application/json", "application/vnd.jupyter.widget-view+json", "text/vnd.mermaid"),
    *("application/pdf", "text/plain", "image/png", "image/jpeg", "application/geo+json"),
]


def hostile_outputs():
    for payload in PAYLOADS:
        for name in ("stdout", "stderr", payload):
            yield stream(payload, name)
        yield error(payload, payload, [payload, f"</pre>{payload}"])
        yield display({payload: payload}, metadata={payload: payload})
        yield {"output_type": "execute_result", "execution_count": payload, "data": payload}
        yield {"output_type": payload}
        metadata = {kind: {"width": payload, "isolated": True} for kind in KINDS}
        yield display(dict.fromkeys(KINDS, payload), metadata={**metadata, "alt": payload})
    for kind in KINDS:
        yield from (display({kind: payload}) for payload in PAYLOADS[:10])


@pytest.mark.parametrize("exporter", [feedback_exporter, formgrade_exporter])
def test_no_output_acts_in_a_page(exporter):
    def shown(outputs):
        cell = new_code_cell("x", outputs=outputs, id="x")
        return acting(page(exporter(), nbformat.from_dict(new_notebook(cells=[cell]))))

    kept = safe_outputs(hostile_outputs(), 10_000_000)
    assert len(kept) > 5 * len(PAYLOADS)
    assert shown(kept) == shown([])
