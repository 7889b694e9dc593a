"""Ridge and lasso against scikit-learn, early stopping by brute force, dropout by its shares."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Lasso, Ridge

from course_lib.overfitting.regularization import (
    dropout,
    early_stopping_step,
    fit_lasso,
    fit_ridge,
)


def problem(n=25, p=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(n, p, generator=generator, dtype=torch.float64)
    features[:, 0] = 1
    return features, 3 + features @ torch.arange(p).double() + torch.randn(n, generator=generator)


@pytest.mark.parametrize("alpha", [1e-6, 0.3, 40.0])
def test_ridge_is_scikit_learns(alpha):
    features, y = problem()
    theirs = Ridge(alpha=alpha).fit(features[:, 1:], y)
    expected = torch.tensor([theirs.intercept_, *theirs.coef_])
    torch.testing.assert_close(fit_ridge(features, y, alpha), expected)


def test_ridge_without_penalty_is_least_squares_and_with_a_huge_one_the_mean():
    features, y = problem()
    least_squares = torch.linalg.lstsq(features, y.unsqueeze(1)).solution.squeeze(1)
    torch.testing.assert_close(fit_ridge(features, y, 0.0), least_squares)
    weights = fit_ridge(features, y, 1e12)
    assert weights[0].item() == pytest.approx(y.mean().item())
    assert weights[1:].abs().max() < 1e-9


def test_ridge_stays_accurate_where_its_normal_equations_do_not():
    x = torch.linspace(0, 1, 30, dtype=torch.float64)
    features = x[:, None] ** torch.arange(31)
    y, alpha = torch.sin(5 * x), 1e-14
    weights = fit_ridge(features, y, alpha)
    gradient = features.T @ (features @ weights - y)
    gradient[1:] += alpha * weights[1:]
    assert gradient.abs().max() < 1e-9


@pytest.mark.parametrize("alpha", [0.01, 0.3, 2.0])
def test_lasso_is_scikit_learns(alpha):
    features, y = problem()
    theirs = Lasso(alpha=alpha, tol=1e-14, max_iter=100_000).fit(features[:, 1:], y)
    expected = torch.tensor([theirs.intercept_, *theirs.coef_])
    weights = fit_lasso(features, y, alpha, 3_000)
    torch.testing.assert_close(weights, expected, rtol=1e-6, atol=1e-8)
    assert torch.equal(weights == 0, expected == 0)


def test_lasso_starts_at_zero():
    features, y = problem()
    assert torch.equal(fit_lasso(features, y, 0.1, 0), torch.zeros(6, dtype=torch.float64))


def test_several_targets_are_fitted_as_each_alone():
    features, y = problem()
    both = torch.stack([y, y.square()], dim=1)
    for fit in (lambda y: fit_ridge(features, y, 0.5), lambda y: fit_lasso(features, y, 0.5, 50)):
        alone = torch.stack([fit(both[:, 0]), fit(both[:, 1])], dim=1)
        torch.testing.assert_close(fit(both), alone)


@pytest.mark.parametrize("fit", [fit_ridge, lambda *a: fit_lasso(*a, 10)])
def test_a_negative_alpha_is_refused(fit):
    with pytest.raises(ValueError, match=r"alpha .* -0\.1"):
        fit(*problem(), -0.1)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 8))
def test_early_stopping_is_the_best_of_what_it_reads(losses, patience):
    def gives_up(end):
        """Whether no loss of the last `patience` up to `end` is below all before them."""
        start = end - patience + 1
        return start >= 1 and min(losses[start : end + 1]) >= min(losses[:start])

    end = next((end for end in range(len(losses)) if gives_up(end)), len(losses) - 1)
    read = losses[: end + 1]
    got = early_stopping_step(torch.tensor(losses, dtype=torch.float64), patience)
    assert got == read.index(min(read))


@pytest.mark.parametrize(("losses", "patience"), [([], 2), ([1.0], 0)])
def test_early_stopping_refuses_what_it_cannot_read(losses, patience):
    message = f"validation_losses .* got {len(losses)} losses and patience {patience}"
    with pytest.raises(ValueError, match=message):
        early_stopping_step(torch.tensor(losses), patience)


def test_dropout_drops_the_share_asked_for_and_keeps_the_mean():
    x = torch.full((400, 500), 3.0, dtype=torch.float64)
    y = dropout(x, 0.3, True, torch.Generator().manual_seed(0))
    assert set(y.unique().tolist()) == {0.0, 3.0 / 0.7}
    assert (y == 0).double().mean().item() == pytest.approx(0.3, abs=0.006)  # 6 standard errors
    assert y.mean().item() == pytest.approx(3.0, abs=0.03)


def test_dropout_is_silent_at_evaluation_and_repeatable_in_training():
    x = torch.arange(50).double()
    assert torch.equal(dropout(x, 0.5, False, torch.Generator()), x)
    first, again = (dropout(x, 0.5, True, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first, again)


@pytest.mark.parametrize("p", [-0.1, 1.0])
def test_dropout_refuses_shares_outside_its_range(p):
    with pytest.raises(ValueError, match=f"p .* {p}"):
        dropout(torch.ones(3), p, True, torch.Generator())
