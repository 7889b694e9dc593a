"""The viewer shows the weights it was given, and reads them as scipy and plain sums do."""

import pytest
import torch
from examples import SENTENCES, attention_viewer, attention_weights
from scipy.stats import entropy

from course_lib.widgets.attention_viewer import AttentionViewer

KEPT = 5.1e-4  # weights are rounded to three decimals


def number(page, name: str) -> float:
    cell = page.locator("output .cw-number", has=page.locator(".cw-name", has_text=name))
    return float(cell.locator(".cw-digits").inner_text().split()[0])


def slider(page, name: str):
    return page.get_by_role("slider", name=name)


@pytest.mark.parametrize("sentence", range(len(SENTENCES)))
def test_weights_are_kept_to_three_decimals_and_rows_lose_only_zeros(sentence):
    given = attention_weights()[sentence]
    n = len(SENTENCES[sentence])
    for layer in range(3):
        for head in range(4):
            widget = attention_viewer(sentence=sentence, layer=layer, head=head)
            torch.testing.assert_close(widget.shares(), given[layer, head], atol=KEPT, rtol=0)
            rows = widget.weights[sentence][layer][head]
            assert all(1 <= len(row) <= i + 1 for i, row in enumerate(rows))
            assert len(rows) == n


def test_figure_draws_the_matrix_and_the_row():
    widget = attention_viewer(layer=1, head=2, token=4)
    top, bottom = widget.figure().axes
    torch.testing.assert_close(torch.tensor(top.images[0].get_array().data), widget.shares())
    heights = [bar.get_height() for bar in bottom.patches]
    assert heights == pytest.approx(widget.shares()[4].tolist())
    assert [label.get_text() for label in top.get_yticklabels()] == SENTENCES[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layer": 3}, "layer must lie between 0 and 2, got 3"),
        ({"head": -1}, "head must lie between 0 and 3, got -1"),
        ({"sentence": 3}, "sentence must lie between 0 and 2, got 3"),
        ({"token": 99}, "token must lie between 0 and 18, got 99"),
    ],
)
def test_bad_choices_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        attention_viewer(**changes)


def test_bad_weights_are_named():
    weights = attention_weights()
    with pytest.raises(ValueError, match="weights must hold one tensor for each of 3 sentences"):
        AttentionViewer(SENTENCES, weights[:2])
    with pytest.raises(ValueError, match=r"at least one\), got 0"):
        AttentionViewer([], [])
    with pytest.raises(ValueError, match=r"weights\[0\] must be .* = \(3, 4, 3, 3\), got"):
        AttentionViewer(SENTENCES[2:], weights[:1])
    with pytest.raises(ValueError, match=r"weights\[1\] must be .*\(3, 4, 19, 19\), got \(2, 4"):
        AttentionViewer(SENTENCES[:2], [weights[0], weights[1][:2]])
    with pytest.raises(ValueError, match=r"weights\[0\] must have rows of shares that sum to 1"):
        AttentionViewer(SENTENCES[:1], [2 * weights[0]])
    with pytest.raises(ValueError, match=r"weights\[0\] must have rows of shares that sum to 1"):
        AttentionViewer(SENTENCES[:1], [weights[0] * torch.nan])


def test_a_bad_choice_set_later_is_refused():
    widget = attention_viewer()
    with pytest.raises(ValueError, match="head must lie between 0 and 3, got 4"):
        widget.head = 4
    assert widget.head == 0


def test_a_token_past_the_end_of_a_short_sentence_means_its_last():
    figure = attention_viewer(sentence=2, token=18).figure()
    assert "“people”" in figure.axes[1].get_title(loc="left")


@pytest.mark.browser
def test_page_reads_rows_as_scipy_does(show):
    page = show(attention_viewer())
    for weights in attention_weights(1):
        rows = weights.double().flatten(0, 2)
        found = page.evaluate("rows => rows.map(widget.readRow)", rows.tolist())
        for row, read in zip(rows, found, strict=True):
            assert read["spread"] == pytest.approx(torch.tensor(entropy(row)).exp().item())
            assert read["order"] == row.sort(descending=True, stable=True).indices.tolist()


@pytest.mark.browser
def test_page_reads_heads_as_diagonals_do(show):
    page = show(attention_viewer())
    for head in attention_weights(2)[1].double().flatten(0, 1):
        read = page.evaluate("rows => widget.readHead(rows)", head.tolist())
        assert read["before"] == pytest.approx(head.diagonal(-1).mean().item())
        assert read["itself"] == pytest.approx(head.diagonal()[1:].mean().item())
        assert read["first"] == pytest.approx(head[1:, 0].mean().item())


@pytest.mark.browser
def test_keyboard_walks_through_words_heads_and_layers(show):
    page = show(attention_viewer(token=0))
    slider(page, "Word that looks").press("ArrowRight")
    slider(page, "Word that looks").press("ArrowRight")
    slider(page, "Layer").press("End")
    slider(page, "Head").press("ArrowRight")
    names = ("sentence", "layer", "head", "token")
    assert [page.evaluate(f"model.get('{name}')") for name in names] == [0, 2, 1, 2]
    row = attention_weights()[0][2, 1, 2]
    assert number(page, "Spread over") == pytest.approx(entropy_size(row), abs=0.06)
    best = row.argmax().item()
    words = page.locator("output .cw-sentence").inner_text()
    assert words.startswith("Layer 3, head 2: “people” (word 3) looks at “")
    assert f"“{SENTENCES[0][best]}” (word {best + 1}) {100 * row[best]:.0f} %" in words
    page.get_by_role("combobox", name="Sentence").select_option("2")
    assert slider(page, "Word that looks").get_attribute("max") == "3"


def entropy_size(row: torch.Tensor) -> float:
    return torch.tensor(entropy(row.double())).exp().item()


@pytest.mark.browser
def test_pointing_at_a_word_makes_it_look(show):
    page = show(attention_viewer())
    page.locator(".cw-words:not(.cw-hidden) .cw-word").nth(5).hover()
    assert page.evaluate("model.get('token')") == 5
    shown = page.locator(".cw-words:not(.cw-hidden) .cw-share").all_inner_texts()
    assert shown[6:] == [""] * 5
    row = attention_weights()[0][0, 0, 5]
    assert sum(int(text) for text in shown[:6] if text != "·") == pytest.approx(100, abs=6)
    assert shown[int(row.argmax())] == f"{100 * row.max():.0f}"


@pytest.mark.browser
def test_tapping_works_on_a_phone(show):
    page = show(attention_viewer(), width=390)
    page.locator(".cw-words:not(.cw-hidden) .cw-word").nth(3).tap()
    assert page.evaluate("model.get('token')") == 3
    heads = page.locator("svg").nth(1).locator(".cw-pointable")
    heads.nth(6).tap()
    assert page.evaluate("[model.get('layer'), model.get('head')]") == [1, 2]


@pytest.mark.browser
def test_pointing_at_the_matrix_chooses_its_row(show):
    page = show(attention_viewer())
    area = page.locator("svg").nth(0).locator(".cw-pointable").bounding_box()
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + 2.5 * area["height"] / 11)
    assert page.evaluate("model.get('token')") == 2


@pytest.mark.browser
def test_page_follows_python(show):
    page = show(attention_viewer())
    page.evaluate("model.set('head', 3)")
    assert slider(page, "Head").input_value() == "4"
