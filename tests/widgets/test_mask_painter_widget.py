"""The painter attends as torch does, and tells who sees ahead as perturbing the future does."""

import math

import pytest
import torch

from course_lib.widgets.mask_painter import METHODS, PRESETS, MaskPainter, N

CALL = "([s, v, mask, method]) => widget.attend(s, v, mask, method)"


def some_masks() -> list[torch.Tensor]:
    """Every preset's, random ones, and those in which some or all rows may attend to nothing."""
    generator = torch.Generator().manual_seed(0)
    drawn = list(torch.rand(12, N, N, generator=generator) < 0.4)
    drawn[0][2] = False
    return [mask() for _, mask in PRESETS.values()] + drawn + [torch.zeros(N, N, dtype=torch.bool)]


def oracle(scores, values, mask, method):
    """Row by row, with plain exponentials."""
    weights = torch.zeros(N, N, dtype=torch.float64)
    for i in range(N):
        row = [0.0 if method == "zero" and not mask[i, j] else scores[i, j] for j in range(N)]
        counted = [method != "before" or bool(mask[i, j]) for j in range(N)]
        total = sum(math.exp(s) for s, counts in zip(row, counted, strict=True) if counts)
        for j in range(N):
            if method == "zero" or mask[i, j]:
                weights[i, j] = math.exp(row[j]) / total
    return weights, weights @ values


def widget_with(mask: torch.Tensor, method: str) -> MaskPainter:
    widget = MaskPainter(method=method)
    widget.mask = mask.tolist()
    return widget


@pytest.mark.parametrize("method", METHODS)
def test_python_attends_as_plain_sums_do(method):
    for mask in some_masks():
        widget = widget_with(mask, method)
        scores, values = torch.tensor(widget.scores), torch.tensor(widget.values)
        weights, outputs = oracle(scores.double(), values.double(), mask, method)
        torch.testing.assert_close(widget.weights(), weights)
        torch.testing.assert_close(widget.outputs(), outputs)


@pytest.mark.parametrize("method", METHODS)
def test_who_sees_ahead_is_who_changes_with_the_future(method):
    for mask in some_masks():
        widget = widget_with(mask, method)
        scores, values = torch.tensor(widget.scores).double(), torch.tensor(widget.values).double()
        before = oracle(scores, values, mask, method)[1]
        changed = []
        for i in range(N):
            other, value = scores.clone(), values.clone()
            other[:, i + 1 :] += 0.7
            value[i + 1 :] += 3.0
            changed.append(bool((oracle(other, value, mask, method)[1] - before)[i].abs() > 1e-9))
        assert widget.sees_ahead() == changed, mask


def test_presets_hold_what_their_names_say():
    masks = {name: torch.tensor(MaskPainter(name).mask) for name in PRESETS}
    ones = torch.ones(N, N, dtype=torch.bool)
    assert masks["all may see all"].all()
    assert torch.equal(masks["causal"], ones.tril())
    assert torch.equal(masks["causal, window of 3"], ones.tril() & ones.triu(-2))
    assert torch.equal(masks["causal, off by one"], ones.tril(1))
    front = masks["causal, padding in front"]
    assert not front[:2].any()
    assert not front[:, :2].any()
    assert front[5, 2:].all()
    end = masks["causal, padding at the end"]
    assert not end[:, 4:].any()
    assert torch.equal(end[:, :4], ones.tril()[:, :4])


def test_figure_draws_weights_and_outputs():
    widget = MaskPainter("causal, padding in front")
    top, bottom = widget.figure().axes
    torch.testing.assert_close(torch.tensor(top.images[0].get_array().data), widget.weights())
    drawn = torch.tensor(bottom.collections[1].get_offsets().data)
    torch.testing.assert_close(drawn[:, 0], widget.outputs())
    assert drawn[:2, 0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "none"}, "preset must be one of .*, got 'none'"),
        ({"method": "never"}, r"method must be one of \['before', 'after', 'zero'\], got 'never'"),
        ({"query": 6}, "query must lie between 0 and 5, got 6"),
        ({"key": -1}, "key must lie between 0 and 5, got -1"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        MaskPainter(**options)


def test_a_bad_mask_set_later_is_refused():
    widget = MaskPainter()
    with pytest.raises(ValueError, match=r"mask must be 6 rows of 6, got rows of \[6, 5\]"):
        widget.mask = [[True] * 6, [True] * 5]
    assert widget.mask == torch.ones(6, 6).tril().bool().tolist()


@pytest.mark.browser
@pytest.mark.parametrize("method", METHODS)
def test_page_attends_as_python_does(show, method):
    page = show(MaskPainter())
    for mask in some_masks():
        widget = widget_with(mask, method)
        given = [widget.scores, widget.values, widget.mask, method]
        found = page.evaluate(CALL, given)
        weights = torch.tensor(found["weights"], dtype=torch.float64)
        torch.testing.assert_close(weights, widget.weights())
        outputs = torch.tensor(found["outputs"], dtype=torch.float64)
        torch.testing.assert_close(outputs, widget.outputs())
        ahead = page.evaluate("given => widget.leakingRows(...given)", [widget.mask, method])
        assert ahead == widget.sees_ahead()


@pytest.mark.browser
def test_page_does_not_overflow(show):
    page = show(MaskPainter())
    scores = [[1000.0 * (j - 2) for j in range(N)] for _ in range(N)]
    mask = torch.ones(N, N, dtype=torch.bool).tril().tolist()
    found = page.evaluate(CALL, [scores, [1.0] * N, mask, "before"])
    assert found["outputs"] == [1.0] * N


@pytest.mark.browser
def test_keyboard_paints_a_cell_and_the_numbers_follow(show):
    page = show(MaskPainter("causal"))
    page.get_by_role("slider", name="Row").press("Home")
    page.get_by_role("slider", name="Column").press("Home")
    page.get_by_role("button", name="Allow or forbid").press("Enter")
    text = page.locator("output").inner_text()
    assert "20 of 36" in text
    assert "“we” (1) looks at “we” (1): forbidden, weight 0.00." in text
    assert page.evaluate("model.get('preset')") == ""
    assert page.get_by_role("combobox", name="Mask").input_value() == ""
    page.get_by_role("combobox", name="Mask").select_option("causal, off by one")
    assert "26 of 36" in page.locator("output").inner_text()
    page.get_by_role("combobox", name="How it is applied").select_option("after")
    widget = MaskPainter("causal, off by one", "after", query=0)
    total, output = widget.weights()[0].sum().item(), widget.outputs()[0].item()
    digits = page.locator("output .cw-digits").all_inner_texts()
    assert digits == ["26 of 36", "0", "5", f"{total:.2f}", f"{output:.2f}"]


@pytest.mark.browser
def test_a_tap_paints_the_cell_under_it(show):
    page = show(MaskPainter("causal"), width=390)
    cells = page.locator("svg").nth(0).locator(".cw-pointable")
    assert cells.count() == N * N
    cells.nth(1 * N + 4).tap()
    assert page.evaluate("model.get('mask')[1]") == [True, True, False, False, True, False]
    assert page.evaluate("[model.get('query'), model.get('key')]") == [1, 4]
    assert page.evaluate("model.get('mask')[0]") == [True] + [False] * 5
