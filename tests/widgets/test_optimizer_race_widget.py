"""The race in the page takes the steps of torch.optim, on the surfaces of course_lib."""

import pytest
import torch

from course_lib.widgets.optimizer_race import LANES, LEARNING_RATES, SURFACES, OptimizerRace

TORCH = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "adagrad": (torch.optim.Adagrad, {}),
    "adadelta": (torch.optim.Adadelta, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
}


def torch_path(surface: str, name: str, rate: float, n_steps: int) -> torch.Tensor:
    place = torch.tensor(SURFACES[surface].start, dtype=torch.float64, requires_grad=True)
    make, options = TORCH[name]
    optimizer = make([place], lr=rate, **options)
    path = [place.detach().clone()]
    for _ in range(n_steps):
        optimizer.zero_grad()
        SURFACES[surface].function(place).backward()
        optimizer.step()
        path.append(place.detach().clone())
    return torch.stack(path)


@pytest.mark.parametrize("surface", SURFACES)
def test_python_paths_are_torchs(surface):
    widget = OptimizerRace(surface=surface, n_steps=60)
    for name, path in widget.paths().items():
        expected = torch_path(surface, name, widget.learning_rates[name], 60)
        torch.testing.assert_close(path, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.browser
@pytest.mark.parametrize("surface", SURFACES)
def test_page_takes_torchs_steps(show, surface):
    page = show(OptimizerRace(surface=surface))
    start = list(SURFACES[surface].start)
    for name, rate in zip(LANES, LEARNING_RATES[surface], strict=True):
        found = page.evaluate("(given) => widget.race(...given)", [surface, name, rate, start, 200])
        # Rounding grows by the curvature at each step; no rate here is in the unstable range.
        expected = torch_path(surface, name, rate, 200)
        torch.testing.assert_close(torch.tensor(found).double(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.browser
@pytest.mark.parametrize("surface", SURFACES)
def test_page_has_the_librarys_surfaces(show, surface):
    page = show(OptimizerRace())
    generator = torch.Generator().manual_seed(0)
    places = 3 * torch.randn(20, 2, generator=generator, dtype=torch.float64)
    call = """([name, places]) => places.map((place) =>
        [widget.SURFACES[name].value(place), ...widget.SURFACES[name].gradient(place)])"""
    found = torch.tensor(page.evaluate(call, [surface, places.tolist()]), dtype=torch.float64)
    gradients = torch.stack([SURFACES[surface].gradient(place) for place in places])
    torch.testing.assert_close(found[:, 0], SURFACES[surface].function(places))
    torch.testing.assert_close(found[:, 1:], gradients)


def test_figure_draws_the_paths_and_their_losses():
    widget = OptimizerRace(surface="saddle", n_steps=20, shown=["sgd", "adam"])
    top, bottom = widget.figure().axes
    path = widget.paths()["sgd"]
    assert top.lines[0].get_xydata().tolist() == path.tolist()
    expected = SURFACES["saddle"].function(path) + 0.25  # the minimum lies at −1/4
    torch.testing.assert_close(torch.as_tensor(bottom.lines[0].get_ydata()), expected)
    assert len(bottom.lines) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"surface": "bowl"}, "surface must be one of .*, got 'bowl'"),
        ({"n_steps": 501}, "n_steps must lie between 0 and 500, got 501"),
        ({"start": [1.0]}, r"start must be a point \[x, y\], got \[1.0\]"),
        ({"shown": ["newton"]}, "shown must be one of .*, got 'newton'"),
        ({"learning_rates": {"adam": 0.0}}, r"learning_rates\['adam'\] must be positive"),
        ({"learning_rates": {"lion": 1.0}}, "learning_rates' key must be one of .*, got 'lion'"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        OptimizerRace(**options)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("surface", "bowl", "surface must be one of .*, got 'bowl'"),
        ("learning_rates", {"sgd": -1.0}, r"learning_rates\['sgd'\] must be positive .*, got -1.0"),
        ("learning_rates", {"sgd": "1"}, r"learning_rates\['sgd'\] must be positive .*, got '1'"),
        ("learning_rates", {"lion": 1.0}, "learning_rates' key must be one of .*, got 'lion'"),
    ],
)
def test_a_bad_value_set_later_is_refused(field, value, message):
    race = OptimizerRace()
    before = getattr(race, field)
    with pytest.raises(ValueError, match=message):
        setattr(race, field, value)
    assert getattr(race, field) == before


def test_a_new_surface_brings_its_own_start_and_rates():
    race = OptimizerRace("ravine", start=(1.0, 1.0), learning_rates={"sgd": 0.001})
    assert race.start == [1.0, 1.0]
    assert race.learning_rates["sgd"] == 0.001
    race.surface = "saddle"
    fresh = OptimizerRace("saddle")
    assert (race.start, race.learning_rates) == (fresh.start, fresh.learning_rates)


def test_rates_left_out_are_the_surfaces_own():
    race = OptimizerRace("saddle")
    expected = race.learning_rates
    race.learning_rates = {}
    assert race.learning_rates == expected
    race.learning_rates = {"adam": 0.5}
    assert race.learning_rates == expected | {"adam": 0.5}
    assert set(race.paths()) == set(LANES)


def test_a_run_that_diverges_ends():
    path = OptimizerRace(learning_rates={"sgd": 1.0}, shown=["sgd"]).paths()["sgd"]
    assert len(path) < 10


@pytest.mark.browser
def test_step_reset_and_the_slider(show):
    page = show(OptimizerRace(n_steps=0))
    page.get_by_role("button", name="Step").press("Enter")
    assert "Step 1 from" in page.locator("output").inner_text()
    page.get_by_label("Steps taken").press("End")
    assert page.evaluate("model.get('n_steps')") == 500
    page.get_by_role("button", name="Reset").press("Space")
    assert "Step 0 from (−4, 1)" in page.locator("output").inner_text()


@pytest.mark.browser
def test_play_and_pause(show):
    page = show(OptimizerRace(n_steps=0))
    page.get_by_role("button", name="Play").press("Enter")
    page.wait_for_function("model.get('n_steps') > 3")
    page.get_by_role("button", name="Pause").press("Enter")
    stopped = page.evaluate("model.get('n_steps')")
    page.wait_for_timeout(200)
    assert page.evaluate("model.get('n_steps')") == stopped
    assert f"Step {stopped} " in page.locator("output").inner_text()


@pytest.mark.browser
def test_readers_who_want_no_motion_get_a_jump(show):
    page = show(OptimizerRace(n_steps=0), motion="reduce")
    page.get_by_role("button", name="Run 100 steps").press("Enter")
    assert page.evaluate("model.get('n_steps')") == 100


@pytest.mark.browser
def test_start_moves_by_keyboard_and_by_pointer(show):
    page = show(OptimizerRace())
    page.get_by_label("Start, x").press("ArrowRight")
    assert page.evaluate("model.get('start')") == [-3.99, 1]
    ring = page.locator(".cw-handle").bounding_box()
    x, y = ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20)
    page.mouse.up()
    moved = page.evaluate("model.get('start')")
    assert moved[0] > -3.5
    assert moved[1] < 0.95
    page.mouse.move(x, y)
    assert page.evaluate("model.get('start')") == moved


@pytest.mark.browser
def test_a_rate_that_is_too_high_is_said_to_diverge(show):
    page = show(OptimizerRace())
    page.get_by_label("Learning rate of SGD").press("End")
    assert page.evaluate("model.get('learning_rates').sgd") == 100
    assert "Diverged: SGD." in page.locator("output").inner_text()
    page.get_by_label("SGD", exact=True).press("Space")
    assert "SGD" not in page.locator("output").inner_text()
