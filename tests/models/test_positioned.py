"""The five ways of telling order: what each of them can and cannot see, and two known equals."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.positioned import POSITIONS, PositionedConfig, PositionedTransformer
from course_lib.nn.rotary import rotate

CONFIG = PositionedConfig(
    vocab_size=13, context_length=12, d_model=16, n_heads=2, n_layers=2, d_ff=24, causal=False
)


def model(seed=0, **changes) -> PositionedTransformer:
    """In float64, with weights and biases large enough for positions to matter."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = PositionedTransformer(replace(CONFIG, **changes)).double()
        for parameter in made.parameters():
            nn.init.normal_(parameter, std=0.3)
    return made


def tokens(n=3, seq=12, seed=1):
    return torch.randint(13, (n, seq), generator=torch.Generator().manual_seed(seed))


def shift_error(made: PositionedTransformer, by: int) -> float:
    """Change of a text's logits if `by` other tokens, which it cannot see, stand before it."""
    text = tokens(seq=8)
    alone = made(text)
    padded = torch.cat([tokens(seq=by, seed=2), text], dim=1)
    mask = torch.ones(8 + by, 8 + by, dtype=torch.bool)
    mask[by:, :by] = False
    kept = [block.forward for block in made.blocks]
    for block, forward in zip(made.blocks, kept, strict=True):
        block.forward = lambda x, forward=forward, **options: forward(x, mask=mask, **options)
    shifted = made(padded)[:, by:]
    for block, forward in zip(made.blocks, kept, strict=True):
        block.forward = forward
    return (alone - shifted).abs().max().item()


@torch.no_grad()
@pytest.mark.parametrize("positions", POSITIONS)
def test_only_none_is_equivariant(positions):
    made, text = model(positions=positions), tokens()
    order = torch.randperm(12, generator=torch.Generator().manual_seed(3))
    difference = (made(text[:, order]) - made(text)[:, order]).abs().max().item()
    assert (difference < 1e-12) == (positions == "none")


@torch.no_grad()
@pytest.mark.parametrize("positions", POSITIONS)
def test_rotary_and_relative_see_distances_only(positions):
    error = shift_error(model(positions=positions), 4)
    assert (error < 1e-6) == (positions not in ("sinusoidal", "learned"))


@torch.no_grad()
@pytest.mark.parametrize("positions", POSITIONS)
def test_causal_models_do_not_see_the_future(positions):
    made, text = model(positions=positions, causal=True), tokens()
    other = text.clone()
    other[:, 7:] = (other[:, 7:] + 1) % 13
    torch.testing.assert_close(made(text)[:, :7], made(other)[:, :7], rtol=0, atol=1e-12)
    assert (made(text)[:, 7:] - made(other)[:, 7:]).abs().min(dim=-1).values.min() > 0


@torch.no_grad()
def test_learned_positions_make_gpt():
    """Equal to GPT but for its tied head, its activation and the scale of its embedding."""
    made = model(positions="learned", causal=True)
    gpt = GPT(GPTConfig(13, 12, 16, 2, 2, 24)).double()
    gpt.blocks.load_state_dict(made.blocks.state_dict())
    gpt.final_norm.load_state_dict(made.final_norm.state_dict())
    gpt.token_embedding.weight.copy_(4 * made.token_embedding.weight)  # √16 = 4
    gpt.positions.table.copy_(4 * made.learned.table)
    for block in gpt.blocks:
        block.feed_forward.activation = made.blocks[0].feed_forward.activation
    text = tokens()
    torch.testing.assert_close(made(text), made.head(gpt.hidden(text)))


@torch.no_grad()
def test_rotary_turns_the_scores_of_one_layer_as_rotate_does():
    made = model(positions="rotary", n_layers=1, n_heads=1, rope_base=50.0)
    block, text = made.blocks[0], tokens(1)
    x = made.embed(text)
    h = block.self_attention_norm(x)
    layer = block.self_attention
    order = [*range(0, 16, 2), *range(1, 16, 2)]  # Rotary pairs i with i + 8, rotate 2i with 2i + 1
    back = torch.tensor(order).argsort()
    q, k = (
        rotate(part(h)[..., back], torch.arange(12), 50.0) for part in (layer.q_proj, layer.k_proj)
    )
    weights = (q @ k.transpose(1, 2) / 4).softmax(dim=-1)
    x = x + layer.out_proj(weights @ layer.v_proj(h))
    x = x + block.feed_forward(block.feed_forward_norm(x))
    torch.testing.assert_close(made(text), made.head(made.final_norm(x)), rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_sinusoids_are_added_to_tokens_of_variance_one():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        large = PositionedTransformer(replace(CONFIG, d_model=512, vocab_size=100))
        learned = PositionedTransformer(replace(CONFIG, d_model=512, positions="learned"))
    x = large.embed(torch.arange(100)[None])
    assert x.std().item() == pytest.approx(1, abs=0.03)
    places = learned.embed(torch.zeros(1, 12, dtype=torch.int64))
    places = places - math.sqrt(512) * learned.token_embedding.weight[0]
    assert places.std().item() == pytest.approx(1, abs=0.06)
    made = model(positions="sinusoidal")
    text = torch.zeros(1, 3, dtype=torch.int64)
    added = made.embed(text) - 4 * made.token_embedding.weight[0]
    expected = [math.sin(2.0), math.cos(2.0), math.sin(2 / 10_000 ** (1 / 8))]
    torch.testing.assert_close(
        added[0, 2, :3], torch.tensor(expected, dtype=torch.float64), rtol=0, atol=1e-6
    )


@torch.no_grad()
@pytest.mark.parametrize("positions", POSITIONS)
def test_only_learned_positions_end(positions):
    made = model(positions=positions)
    if positions == "learned":
        with pytest.raises(ValueError, match="token_ids must be at most 12 tokens long, got 30"):
            made(tokens(seq=30))
    else:
        assert made(tokens(seq=30)).shape == (3, 30, 13)


def test_loss_is_the_mean_cross_entropy():
    made, text, targets = model(positions="relative"), tokens(), tokens(seed=5)
    expected = -made(text).log_softmax(dim=-1).gather(-1, targets[..., None]).mean()
    torch.testing.assert_close(made.loss(text, targets), expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": "alibi"}, r"positions must be one of \('none', .*\), got 'alibi'"),
        ({"n_heads": 3}, "n_heads must divide d_model = 16, got 3"),
        ({"n_layers": 0}, "n_layers must be at least 1, got 0"),
        ({"rope_base": 0.0}, r"rope_base must be above 0, got 0\.0"),
        ({"rope_base": float("nan")}, "rope_base must be above 0, got nan"),
    ],
)
def test_bad_sizes_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **changes)


def test_odd_and_missing_parts_are_refused_when_built():
    with pytest.raises(ValueError, match="n_buckets must be"):
        PositionedTransformer(replace(CONFIG, positions="relative", n_buckets=1))
    with pytest.raises(ValueError, match="d_model must be even"):
        PositionedTransformer(replace(CONFIG, positions="sinusoidal", d_model=15, n_heads=3))(
            tokens()
        )
