"""The position explorer turns vectors as complex numbers turn, and as course_lib does."""

import math

import pytest
import torch
from examples import position_explorer

from course_lib.nn.positions import sinusoidal_positions
from course_lib.widgets.position_explorer import KINDS, PositionExplorer


def turned(vector, position: int, base: float) -> torch.Tensor:
    """Pair i as a complex number, times e^(i position θ)."""
    vector = torch.as_tensor(vector, dtype=torch.float64)
    n_pairs = len(vector) // 2
    angles = [position * base ** (-i / n_pairs) for i in range(n_pairs)]
    angles = torch.tensor(angles, dtype=torch.float64)
    pairs = torch.view_as_complex(vector.reshape(-1, 2)) * torch.polar(
        torch.ones_like(angles), angles
    )
    return torch.view_as_real(pairs).flatten()


@pytest.mark.browser
def test_page_turns_as_complex_numbers_do(show):
    page = show(position_explorer())
    generator = torch.Generator().manual_seed(3)
    for width in (2, 16, 64):
        vector = torch.randn(width, generator=generator, dtype=torch.float64)
        for position in (-63, 0, 1, 63):
            for base in (10.0, 1e4, 1e6):
                actual = page.evaluate(
                    "([x, position, base]) => widget.rotate(x, position, base)",
                    [vector.tolist(), position, base],
                )
                torch.testing.assert_close(
                    torch.tensor(actual, dtype=torch.float64),
                    turned(vector, position, base),
                    rtol=0,
                    atol=1e-12,
                )


@pytest.mark.browser
def test_page_knows_the_librarys_sinusoids(show):
    page = show(position_explorer())
    for width in (2, 16, 64):
        actual = page.evaluate(
            "width => Array.from({ length: 64 }, (_, m) => widget.sinusoid(width, m, 10000))",
            width,
        )
        torch.testing.assert_close(torch.tensor(actual), sinusoidal_positions(64, width))


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_are_those_of_the_definition(kind):
    widget = position_explorer(kind=kind, log_base=4.0)
    positions = torch.tensor([0, 1, 40])
    queries, keys = widget.vectors(positions)
    if kind == "sinusoidal":
        expected = sinusoidal_positions(64, 16)[positions].double()
        torch.testing.assert_close(queries, expected)
        torch.testing.assert_close(keys, expected)
        return
    key = widget.query if kind == "rotary_same" else widget.key
    for row, position in enumerate(positions.tolist()):
        close = {"rtol": 0, "atol": 1e-12}
        torch.testing.assert_close(queries[row], turned(widget.query, position, 1e4), **close)
        torch.testing.assert_close(keys[row], turned(key, position, 1e4), **close)


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_products_shown_are_pythons_and_depend_on_the_distance_only(show, kind):
    widget = position_explorer(kind=kind, pair=1, query_position=60, key_position=11)
    page = show(widget)
    queries, keys = widget.vectors(torch.arange(64))

    def shown(name: str) -> float:
        cell = page.locator("output .cw-number", has=page.locator(".cw-name", has_text=name))
        return float(cell.locator(".cw-digits").inner_text().replace("−", "-"))

    pair = slice(2, 4)
    assert shown("Product, all pairs") == pytest.approx((queries[60] @ keys[11]).item(), abs=0.0051)
    alone = (queries[60, pair] @ keys[11, pair]).item()
    assert shown("Product, this pair") == pytest.approx(alone, abs=0.0051)
    before = shown("Product, all pairs")
    for _ in range(5):  # three steps to the end, then back to the start of the sequence
        page.get_by_role("button", name="Both one on").press("Enter")
        assert shown("Product, all pairs") == before
        assert shown("Distance") == 49
    assert page.evaluate("model.get('key_position')") == 1


@pytest.mark.browser
def test_angle_and_wavelength(show):
    page = show(position_explorer(pair=4))
    output = " ".join(page.locator("output").inner_text().split())
    assert f"Angle a position {10_000 ** (-8 / 16):.3g}" in output
    assert f"Positions a turn {2 * math.pi / 10_000 ** (-8 / 16):.0f}" in output
    page.get_by_label("Base").press("Home")
    output = " ".join(page.locator("output").inner_text().split())
    assert f"Angle a position {10 ** (-8 / 16):.3f}" in output


@pytest.mark.parametrize("kind", KINDS)
def test_figure_draws_the_pair_and_the_products(kind):
    widget = position_explorer(kind=kind, pair=3)
    top, bottom = widget.figure().axes
    queries, keys = widget.vectors(torch.arange(64))
    torch.testing.assert_close(torch.as_tensor(top.lines[0].get_ydata()), queries[:, 6])
    torch.testing.assert_close(torch.as_tensor(top.lines[1].get_ydata()), queries[:, 7])
    products = torch.as_tensor(bottom.lines[0].get_ydata())
    assert bottom.lines[0].get_xdata().tolist() == list(range(-63, 64))
    for m, n in ((5, 5), (63, 0), (0, 63), (40, 17)):
        torch.testing.assert_close(products[63 + m - n], queries[m] @ keys[n])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "absolute"}, "kind must be one of .*, got 'absolute'"),
        ({"pair": 8}, "pair must lie between 0 and 7, got 8"),
        ({"query_position": 64}, "query_position must lie between 0 and 63, got 64"),
        ({"key_position": -1}, "key_position must lie between 0 and 63, got -1"),
        ({"log_base": 7.0}, "log_base must lie between 1.0 and 6.0, got 7.0"),
        ({"n_positions": 1}, "n_positions must lie between 2 and 512, got 1"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        position_explorer(**options)


def test_vectors_that_do_not_pair_up_are_named():
    with pytest.raises(ValueError, match=r"key must have as many entries as query \(4\), got 2"):
        PositionExplorer([1, 2, 3, 4], [1, 2])
    with pytest.raises(ValueError, match="query must have an even number of entries, got 3"):
        PositionExplorer([1, 2, 3], [1, 2, 3])
