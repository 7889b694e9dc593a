"""Norms against torch's, functions and modules alike; BatchNorm on ragged batches."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.nn.norms import BatchNorm, LayerNorm, RMSNorm, layer_norm, rms_norm


def draws(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def randomize(module, seed=5):
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=rng))
    return module


SHAPES = pytest.mark.parametrize("shape", [(6,), (3, 6), (2, 3, 6), (2, 3, 4, 1)])


@SHAPES
@pytest.mark.parametrize("epsilon", [1e-12, 1e-5, 0.1])
def test_layer_norm_equals_torchs(shape, epsilon):
    d_model = shape[-1]
    x, scale, shift = 3 * draws(*shape) + 2, draws(d_model, seed=1), draws(d_model, seed=2)
    expected = F.layer_norm(x, (d_model,), scale, shift, epsilon)
    torch.testing.assert_close(layer_norm(x, scale, shift, epsilon), expected)


@SHAPES
@pytest.mark.parametrize("epsilon", [1e-12, 1e-6, 0.1])
def test_rms_norm_equals_torchs(shape, epsilon):
    d_model = shape[-1]
    x, scale = 3 * draws(*shape) + 2, draws(d_model, seed=1)
    expected = F.rms_norm(x, (d_model,), scale, epsilon)
    torch.testing.assert_close(rms_norm(x, scale, epsilon), expected)


def test_numbers_worked_by_hand():
    x, one, zero = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.ones(3), torch.zeros(3)
    third = 1.5**0.5  # (1, 2, 3) has mean 2 and variance 2 / 3
    torch.testing.assert_close(
        layer_norm(x, one, zero, 0.0), torch.tensor([[-third, 0.0, third]] * 2)
    )
    torch.testing.assert_close(
        BatchNorm(3, epsilon=0.0)(x[None]).detach(),
        torch.tensor([[[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]]]),
    )
    torch.testing.assert_close(
        rms_norm(torch.tensor([3.0, 4.0]), torch.tensor([1.0, 2.0]), 0.0),
        torch.tensor([3 / 12.5**0.5, 8 / 12.5**0.5]),
    )


def test_derivatives_agree_with_finite_differences():
    x, scale, shift = (t.requires_grad_() for t in (draws(3, 4), draws(4), draws(4)))
    assert torch.autograd.gradcheck(layer_norm, (x, scale, shift))
    assert torch.autograd.gradcheck(rms_norm, (x, scale))


def test_a_constant_vector_becomes_the_shift():
    x, scale, shift = torch.full((2, 5), 7.0), torch.full((5,), 3.0), torch.arange(5.0)
    assert torch.equal(layer_norm(x, scale, shift), shift.expand(2, 5))
    assert not rms_norm(torch.zeros(2, 5), scale).any()


@pytest.mark.parametrize("parameter_dtype", [torch.bfloat16, torch.float32])
def test_bfloat16_is_computed_in_float32(parameter_dtype):
    x = (100 + draws(64, 256)).bfloat16()  # in bfloat16 the mean alone would be off by a half
    scale, shift = (draws(256, seed=s).to(parameter_dtype) for s in (1, 2))
    results = layer_norm(x, scale, shift), rms_norm(x, scale)
    exact = (
        F.layer_norm(x.double(), (256,), scale.double(), shift.double()),
        F.rms_norm(x.double(), (256,), scale.double(), 1e-6),
    )
    for result, expected in zip(results, exact, strict=True):
        assert result.dtype == torch.bfloat16
        torch.testing.assert_close(result.double(), expected, rtol=2**-8, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("epsilon", [1e-6, 0.5])
def test_modules_compute_what_the_functions_do(dtype, epsilon):
    x = (2 * draws(3, 5, 64) + 1).to(dtype)
    tolerance = {"rtol": 2**-7, "atol": 2**-7} if dtype == torch.bfloat16 else {}
    layer, rms = (randomize(kind(64, epsilon)).to(dtype) for kind in (LayerNorm, RMSNorm))
    expected = layer_norm(x, layer.scale, layer.shift, epsilon)
    torch.testing.assert_close(layer(x), expected, **tolerance)
    torch.testing.assert_close(rms(x), rms_norm(x, rms.scale, epsilon), **tolerance)


@pytest.mark.parametrize("kind", [LayerNorm, RMSNorm])
def test_modules_have_the_gradients_of_the_functions(kind):
    module, x = randomize(kind(6)).double(), draws(3, 5, 6).requires_grad_()
    function = layer_norm if kind is LayerNorm else rms_norm
    leaves, upstream = [x, *module.parameters()], draws(3, 5, 6, seed=2)
    ours = torch.autograd.grad(module(x), leaves, upstream)
    theirs = torch.autograd.grad(function(*leaves, module.epsilon), leaves, upstream)
    for gradient, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(gradient, expected)


def test_modules_start_with_scale_one_and_shift_zero():
    assert torch.equal(LayerNorm(3).scale, torch.ones(3))
    assert torch.equal(LayerNorm(3).shift, torch.zeros(3))
    assert torch.equal(RMSNorm(3).scale, torch.ones(3))


@pytest.mark.parametrize(("epsilon", "momentum"), [(1e-5, 0.1), (0.5, 0.3)])
def test_batch_norm_equals_torchs_in_training_and_in_evaluation(epsilon, momentum):
    ours = randomize(BatchNorm(6, epsilon, momentum)).double()
    theirs = nn.BatchNorm1d(6, epsilon, momentum).double()
    theirs.weight.data.copy_(ours.scale)
    theirs.bias.data.copy_(ours.shift)
    for step in range(3):
        x = 3 * draws(4, 5, 6, seed=step) + step
        expected = theirs(x.transpose(1, 2)).transpose(1, 2)
        torch.testing.assert_close(ours(x), expected)
        torch.testing.assert_close(ours.running_mean, theirs.running_mean)
        torch.testing.assert_close(ours.running_variance, theirs.running_var)
    assert not ours.running_mean.requires_grad
    ours.eval(), theirs.eval()
    before = ours.running_mean.clone()
    torch.testing.assert_close(ours(x), theirs(x.transpose(1, 2)).transpose(1, 2))
    assert torch.equal(ours.running_mean, before)


def test_batch_norm_has_torchs_gradients():
    ours, theirs = BatchNorm(6).double(), nn.BatchNorm1d(6).double()
    x, upstream = draws(4, 5, 6).requires_grad_(), draws(4, 5, 6, seed=1)
    gradients = torch.autograd.grad(ours(x), [x, *ours.parameters()], upstream)
    expected = torch.autograd.grad(
        theirs(x.transpose(1, 2)).transpose(1, 2), [x, *theirs.parameters()], upstream
    )
    for gradient, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, other)


def test_batch_norm_in_bfloat16_keeps_running_averages():
    ours = BatchNorm(6).bfloat16()
    assert ours(draws(4, 5, 6).bfloat16()).dtype == torch.bfloat16
    assert ours.running_mean.dtype == torch.bfloat16
    assert ours.running_mean.any()


def test_padding_changes_what_batch_norm_makes_of_a_token_and_layer_norm_ignores_it():
    tokens = draws(2, 3, 6)
    padded = torch.cat((tokens, torch.zeros(2, 4, 6).double()), dim=1)
    for module, same in ((BatchNorm(6), False), (LayerNorm(6), True), (RMSNorm(6), True)):
        module.double()
        assert torch.allclose(module(tokens), module(padded)[:, :3]) == same


def test_one_token_has_no_variance_to_train_on():
    with pytest.raises(ValueError, match="x must hold at least 2 tokens in training, got 1"):
        BatchNorm(6)(torch.zeros(1, 1, 6))
    assert BatchNorm(6).eval()(torch.zeros(1, 1, 6)).shape == (1, 1, 6)
