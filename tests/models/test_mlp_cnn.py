"""The MLP and the CNN: shapes, parameter counts and switches."""

import pytest
import torch
from torch import nn

from course_lib.models.cnn import CNN
from course_lib.models.mlp import MLP


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def n_parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize("residual", [False, True])
def test_logits_have_a_row_per_example(normalization, residual):
    options = {"normalization": normalization, "residual": residual, "generator": seeded()}
    x = torch.randn(5, 144, generator=seeded(), dtype=torch.float64)
    assert MLP(144, 8, 10, 4, **options)(x).shape == (5, 10)
    assert CNN(4, 10, 4, **options)(x.view(5, 1, 12, 12)).shape == (5, 10)


def test_a_plain_mlp_is_the_textbook_one():
    model = MLP(6, 5, 3, 3, generator=seeded())
    x = torch.randn(4, 6, generator=seeded(), dtype=torch.float64)
    maps = [module for module in model.modules() if isinstance(module, nn.Linear)]
    expected = maps[2](maps[1](maps[0](x).relu()).relu())
    assert torch.allclose(model(x), expected)


def test_residual_layers_with_zero_weights_pass_their_input_on():
    model = MLP(6, 5, 3, 9, generator=seeded(), residual=True)
    for layer in model.hidden:
        nn.init.zeros_(layer.linear.weight)
    h = torch.randn(4, 5, generator=seeded(), dtype=torch.float64)
    assert torch.equal(model.hidden(h), h)


def test_the_mlp_and_the_cnn_of_the_page_have_equally_many_parameters():
    for normalization in ("none", "batch"):
        options = {"normalization": normalization, "generator": seeded()}
        mlp, cnn = MLP(144, 32, 10, 2, **options), CNN(16, 10, 4, **options)
        assert n_parameters(mlp) == n_parameters(cnn)


def test_a_shift_inside_the_image_does_not_change_the_cnns_answer():
    model = CNN(4, 10, 3, generator=seeded())
    image = torch.zeros(1, 1, 16, 16, dtype=torch.float64)
    image[0, 0, 5:9, 5:9] = torch.rand(4, 4, generator=seeded(), dtype=torch.float64)
    assert torch.allclose(model(image), model(image.roll((2, 1), dims=(2, 3))))


def test_the_same_generator_gives_the_same_weights_and_leaves_global_state_alone():
    before = torch.get_rng_state()
    first, second = (MLP(6, 5, 3, 4, generator=seeded(7)) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"activation": "step"}, "activation .* 'step'"),
        ({"normalization": "group"}, "normalization .* 'group'"),
        ({"initialization": "xavier"}, "scheme .* 'xavier'"),
    ],
)
def test_an_unknown_choice_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        MLP(6, 5, 3, 4, generator=seeded(), **wrong)
    with pytest.raises(ValueError, match=message):
        CNN(4, 3, 4, generator=seeded(), **wrong)


@pytest.mark.parametrize("make", [MLP, lambda *a, **k: CNN(*a[1:], **k)])
def test_one_layer_is_too_few(make):
    with pytest.raises(ValueError, match=r"n_layers .* got 1"):
        make(6, 5, 3, 1, generator=seeded())
