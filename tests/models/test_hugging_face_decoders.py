"""GPT and Llama against Hugging Face's with the same weights: logits, gradients, decoding."""

import pytest
import torch
from torch import nn

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.llama import Llama, LlamaConfig
from course_lib.models.pretrained_gpt import state_from_hugging_face as gpt_state
from course_lib.models.pretrained_llama import state_from_hugging_face as llama_state

transformers = pytest.importorskip(
    "transformers", reason="transformers is not installed: nothing to compare with"
)

SMALL = {"vocab_size": 50, "context_length": 16, "d_model": 24, "n_layers": 2, "d_ff": 40}
CONFIGS = {
    "gpt": GPTConfig(n_heads=3, **SMALL),
    "gpt, one head": GPTConfig(n_heads=1, **SMALL | {"n_layers": 3}),
    "llama, grouped, tied": LlamaConfig(
        n_heads=6, n_kv_heads=2, rope_base=500_000.0, tied_head=True, **SMALL
    ),
    "llama, all heads": LlamaConfig(n_heads=3, n_kv_heads=3, norm_epsilon=1e-6, **SMALL),
    "llama, one key head": LlamaConfig(n_heads=4, n_kv_heads=1, **SMALL),
}
EACH = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def gpt2_of(config):
    return transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.context_length,
            n_embd=config.d_model,
            n_head=config.n_heads,
            n_layer=config.n_layers,
            n_inner=config.d_ff,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        )
    )


def llama_of(config):
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=config.vocab_size,
            max_position_embeddings=config.context_length,
            hidden_size=config.d_model,
            num_attention_heads=config.n_heads,
            num_key_value_heads=config.n_kv_heads,
            num_hidden_layers=config.n_layers,
            intermediate_size=config.d_ff,
            rope_theta=config.rope_base,
            rms_norm_eps=config.norm_epsilon,
            tie_word_embeddings=config.tied_head,
        )
    )


def both(config):
    """Ours and theirs with the same random parameters, and the function that renames them."""
    torch.manual_seed(0)
    if isinstance(config, GPTConfig):
        ours, theirs, state = GPT(config), gpt2_of(config), gpt_state
    else:
        ours, theirs, state = Llama(config), llama_of(config), llama_state
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.3)
    ours.load_state_dict(state(theirs.state_dict()))
    return ours, theirs, state


def assert_close(result, expected, tolerance):
    """The largest difference, relative to the largest number."""
    difference, scale = (result - expected).abs().max(), expected.abs().max()
    assert difference <= tolerance * scale, f"{difference / scale:.1e} > {tolerance}"


@EACH
@pytest.mark.parametrize(("batch", "seq"), [(1, 1), (3, 5), (2, 16)])
@pytest.mark.parametrize("n_padding", [0, 2, -2])
def test_logits_and_gradients_are_theirs(config, batch, seq, n_padding):
    ours, theirs, state = both(config)
    token_ids = torch.randint(config.vocab_size, (batch, seq))
    places, real = torch.arange(seq), torch.ones(batch, seq, dtype=torch.bool)
    if seq > 2:  # the first sequence has padding on the right, or on the left if negative
        real[0] = (places < seq - n_padding) & (places >= -n_padding)
    mask = real[:, None, None, :] if n_padding else None
    expected = theirs(token_ids, attention_mask=real.long()).logits[real]
    result = ours(token_ids, mask)[real]
    assert_close(result, expected, 1e-5)

    upstream = torch.randn(expected.shape)
    (expected * upstream).sum().backward()
    (result * upstream).sum().backward()
    gradients = state({name: parameter.grad for name, parameter in theirs.named_parameters()})
    rounding = 1e-6 * max(gradient.abs().max() for gradient in gradients.values())
    for name, parameter in ours.named_parameters():  # the bias of keys has no gradient but rounding
        tolerance = 1e-4 * gradients[name].abs().max() + rounding
        assert (parameter.grad - gradients[name]).abs().max() <= tolerance, name


@EACH
@pytest.mark.parametrize("chunks", [[1] * 16, [7, 1, 8]])
@torch.no_grad()
def test_decoding_with_caches_gives_their_logits(config, chunks):
    ours, theirs, _ = both(config)
    token_ids = torch.randint(config.vocab_size, (2, 16))
    caches = ours.new_caches(2)
    steps = [ours(part, caches=caches) for part in token_ids.split(chunks, dim=1)]
    assert_close(torch.cat(steps, dim=1), theirs(token_ids).logits, 1e-5)


@EACH
@torch.no_grad()
def test_the_loss_is_theirs_of_the_shifted_tokens(config):
    ours, theirs, _ = both(config)
    token_ids = torch.randint(config.vocab_size, (3, 7))
    loss = ours.loss(token_ids[:, :-1], token_ids[:, 1:])
    torch.testing.assert_close(loss, theirs(token_ids, labels=token_ids).loss)
