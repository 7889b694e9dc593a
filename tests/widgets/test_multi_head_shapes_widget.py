"""The walk through multi-head attention computes torch's, at every size that it offers."""

import pytest
import torch
from torch.nn import functional as F

from course_lib.widgets.multi_head_shapes import MAX_BATCH, MAX_SEQ, WIDTHS, MultiHeadShapes

SIZES = [
    (d_model, n_heads, n_kv_heads)
    for d_model in WIDTHS
    for n_heads in range(1, d_model + 1)
    for n_kv_heads in range(1, n_heads + 1)
    if d_model % n_heads == 0 and n_heads % n_kv_heads == 0
]
NAMES = ("q", "k", "v", "out")


def by_einsum(widget: MultiHeadShapes) -> dict[str, torch.Tensor]:
    """Every step for the first sequence, by einsum over explicit axes."""
    heads, kv_heads = widget.n_heads, widget.n_kv_heads
    d_model, d_head = widget.d_model, widget.d_model // heads
    x = torch.tensor(widget.x, dtype=torch.float64)[0, : widget.seq, :d_model]
    rows = {"q": d_model, "k": kv_heads * d_head, "v": kv_heads * d_head, "out": d_model}
    weight = {
        name: torch.tensor(getattr(widget, f"{name}_weight"), dtype=torch.float64)[:n, :d_model]
        for name, n in rows.items()
    }
    found = {name: torch.einsum("sd,rd->sr", x, weight[name]) for name in "qkv"}
    by_head = {name: found[name].reshape(widget.seq, -1, d_head) for name in "qkv"}
    serving = [head * kv_heads // heads for head in range(heads)]
    keys, values = by_head["k"][:, serving], by_head["v"][:, serving]
    found["scores"] = torch.einsum("qhd,khd->hqk", by_head["q"], keys) / d_head**0.5
    found["shares"] = F.softmax(found["scores"], dim=-1)
    found["heads"] = torch.einsum("hqk,khd->hqd", found["shares"], values)
    found["joined"] = found["heads"].permute(1, 0, 2).reshape(widget.seq, d_model)
    found["output"] = torch.einsum("sd,rd->sr", found["joined"], weight["out"])
    return found


@pytest.mark.parametrize("sizes", SIZES)
def test_the_librarys_layer_gives_the_last_step(sizes):
    widget = MultiHeadShapes(3, 4, *sizes, step=1, seed=5)
    output = widget.layer()(widget.inputs())
    assert output.shape == (3, 4, sizes[0])
    torch.testing.assert_close(output[0], by_einsum(widget)["output"])


def test_with_fewer_heads_the_last_is_looked_at():
    widget = MultiHeadShapes(n_heads=4, n_kv_heads=2, head=4)
    widget.n_heads = 2
    assert widget.head == 2
    assert "head 2 of 2" in widget._figure().axes[4].get_title("left")


@pytest.mark.browser
def test_page_computes_every_step(show):
    page = show(MultiHeadShapes())
    for seq, sizes in [(2, SIZES[0]), *((MAX_SEQ, sizes) for sizes in SIZES)]:
        widget = MultiHeadShapes(1, seq, *sizes, step=1, seed=seq)
        state = widget.get_state(("seq", "d_model", "n_heads", "n_kv_heads", "x"))
        state |= widget.get_state([f"{name}_weight" for name in NAMES])
        tensors = page.evaluate("state => widget.walk(state)", state)
        for name, expected in by_einsum(widget).items():
            actual = torch.tensor(tensors[name], dtype=torch.float64)
            torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12, msg=name)


@pytest.mark.browser
def test_numbers_in_the_cells_and_shapes_are_those_of_the_step(show):
    widget = MultiHeadShapes(batch=3, seq=4, d_model=8, n_heads=4, n_kv_heads=2, head=3, step=4)
    page = show(widget)
    expected = by_einsum(widget)["scores"][2]
    cells = page.locator(".cw-chart").nth(2).locator(".cw-cell-number").all_text_contents()
    shown = torch.tensor([float(cell.replace("−", "-")) for cell in cells])
    torch.testing.assert_close(shown, expected.flatten().float(), rtol=0, atol=0.0501)
    output = page.locator("output").inner_text()
    for words in ("(3, 4, 4, 2)", "(3, 2, 4, 2)", "(3, 4, 4, 4)", "key and value head 2 of 2"):
        assert words in output
    n_weights = sum(weight.numel() for weight in widget.layer().parameters())
    assert f"weights to learn {n_weights}" in " ".join(output.split())
    assert "8 numbers" in output  # 2 heads · d_head 2, for a key and a value


@pytest.mark.browser
def test_sizes_that_no_longer_divide_move_to_ones_that_do(show):
    page = show(MultiHeadShapes(d_model=8, n_heads=8, n_kv_heads=4, head=8))
    page.get_by_label("d_model").select_option("6")
    sizes = "['d_model', 'n_heads', 'n_kv_heads', 'head'].map((name) => model.get(name))"
    assert page.evaluate(sizes) == [6, 6, 3, 6]
    page.get_by_label("n_heads").select_option("1")
    assert page.evaluate(sizes) == [6, 1, 1, 1]
    assert page.get_by_role("slider", name="Head").is_disabled()
    offered = page.get_by_label("n_heads").locator("option").all_text_contents()
    assert offered == ["1", "2", "3", "6"]


@pytest.mark.browser
def test_buttons_go_round_the_steps_and_to_the_start(show):
    page = show(MultiHeadShapes(step=8))
    page.get_by_role("button", name="Next").press("Enter")
    assert page.evaluate("model.get('step')") == 1
    page.get_by_role("button", name="Back").press("Enter")
    assert page.evaluate("model.get('step')") == 8
    page.get_by_role("button", name="Back").press("Enter")
    assert page.evaluate("model.get('step')") == 7
    page.get_by_role("button", name="Start").press("Enter")
    assert page.evaluate("model.get('step')") == 1


@pytest.mark.browser
@pytest.mark.parametrize("width", [340, 800])
def test_no_step_and_no_size_moves_the_layout(show, width):
    page = show(MultiHeadShapes(), width=width)
    height = "document.querySelector('.course-widget').offsetHeight"
    heights = set()
    for step in range(1, 9):
        for batch, (d_model, n_heads, n_kv_heads) in (
            (1, (4, 1, 1)),
            (3, (8, 8, 2)),
            (2, (6, 3, 3)),
        ):
            state = {"batch": batch, "n_heads": n_heads, "n_kv_heads": n_kv_heads, "step": step}
            page.evaluate("model.set('head', 1)")
            page.evaluate(
                """([d_model, state]) => {
                  for (const name of ['n_kv_heads', 'n_heads']) model.set(name, 1);
                  model.set('d_model', d_model);
                  for (const [name, value] of Object.entries(state)) model.set(name, value);
                }""",
                [d_model, state],
            )
            page.wait_for_timeout(10)
            heights.add(page.evaluate(height))
    assert len(heights) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_figure_shows_input_projections_weights_and_output():
    widget = MultiHeadShapes(batch=2, seq=3, d_model=4, n_heads=2, n_kv_heads=1, head=2)
    axes = widget.figure().axes
    titles = [panel.get_title(loc="left") for panel in axes]
    assert titles == [
        "x (2, 3, 4)",
        "q (2, 3, 4)",
        "k (2, 3, 2)",
        "v (2, 3, 2)",
        "weights, head 2 of 2",
        "output (2, 3, 4)",
    ]
    drawn = torch.as_tensor(axes[4].images[0].get_array().data)
    torch.testing.assert_close(drawn, by_einsum(widget)["shares"][1])
    drawn = torch.as_tensor(axes[5].images[0].get_array().data)
    torch.testing.assert_close(drawn, by_einsum(widget)["output"])


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"batch": 4}, f"batch must lie between 1 and {MAX_BATCH}, got 4"),
        ({"seq": 1}, f"seq must lie between 2 and {MAX_SEQ}, got 1"),
        ({"d_model": 12}, r"d_model must be one of \[4, 6, 8\], got 12"),
        ({"n_heads": 3}, "n_heads must divide d_model = 8, got 3"),
        ({"n_heads": 0}, "n_heads must divide d_model = 8, got 0"),
        ({"n_kv_heads": 3}, "n_kv_heads must divide n_heads = 4, got 3"),
        ({"step": 9}, "step must lie between 1 and 8, got 9"),
        ({"head": 5}, "head must lie between 1 and 4, got 5"),
    ],
)
def test_bad_input_is_named(sizes, message):
    with pytest.raises(ValueError, match=message):
        MultiHeadShapes(**sizes)


def test_a_bad_size_set_later_is_refused():
    widget = MultiHeadShapes()
    with pytest.raises(ValueError, match="n_heads must divide d_model = 8, got 5"):
        widget.n_heads = 5
    assert widget.n_heads == 4
