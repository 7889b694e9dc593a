"""The race's surfaces: gradients and Hessians worked by hand, minima that are minima."""

import pytest
import torch

from course_lib.gradients.surfaces import SURFACES

SURFACE = {surface.name: surface for surface in SURFACES}
BY_HAND = {  # ∂f/∂x, ∂f/∂y; then the Hessian's xx, xy, yy
    "ravine": lambda x, y: ((x, 100 * y), (1, 0, 100)),
    "Rosenbrock": lambda x, y: (
        (-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)),
        (2 - 400 * y + 1200 * x**2, -400 * x, 200),
    ),
    "saddle": lambda x, y: ((x**3 - x, y), (3 * x**2 - 1, 0, 1)),
}


def double(values):
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize("point", [(0.0, 0.0), (0.7, -1.3), (-2.0, 0.4)])
@pytest.mark.parametrize("name", SURFACE)
def test_derivatives_are_those_worked_by_hand(name, point):
    gradient, (xx, xy, yy) = BY_HAND[name](*point)
    surface, at = SURFACE[name], double(point)
    torch.testing.assert_close(surface.gradient(at), double(gradient))
    torch.testing.assert_close(surface.hessian(at), double([[xx, xy], [xy, yy]]))


@pytest.mark.parametrize("name", SURFACE)
def test_gradients_are_those_of_backward(name):
    at = double([0.3, -0.8]).requires_grad_()
    SURFACE[name].function(at).backward()
    torch.testing.assert_close(SURFACE[name].gradient(at.detach()), at.grad)


@pytest.mark.parametrize("name", SURFACE)
def test_minima_are_where_the_slope_is_zero_and_nothing_drawn_is_lower(name):
    surface = SURFACE[name]
    ranges = (surface.x_range, surface.y_range)
    axes = [torch.linspace(*ends, 101, dtype=torch.float64) for ends in ranges]
    drawn = surface.function(torch.cartesian_prod(*axes))
    for minimum in map(double, surface.minima):
        assert surface.gradient(minimum).abs().max() < 1e-12
        assert torch.linalg.eigvalsh(surface.hessian(minimum)).min() > 0
        assert drawn.min() >= surface.function(minimum) - 1e-12


@pytest.mark.parametrize("name", SURFACE)
def test_the_race_is_inside_what_is_drawn(name):
    surface = SURFACE[name]
    for point in (surface.start, *surface.minima):
        for place, (low, high) in zip(point, (surface.x_range, surface.y_range), strict=True):
            assert low < place < high
