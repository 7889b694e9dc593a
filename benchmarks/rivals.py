"""Our GPT, Hugging Face's GPT-2 and a minimal one, as `record_transformer.py` lets them compete."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
import transformers
from nano_gpt import NanoGPT, state_from_gpt
from torch import Tensor, nn

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.pretrained_gpt import state_from_hugging_face

N_PROMPT, N_NEW = 16, 256
IMPLEMENTATIONS = ("ours", "hugging_face", "nano")
Runs = dict[tuple[str, str], Callable[[], object]]
"""What takes turns, by implementation and precision."""


def models_of(config: GPTConfig, device: str) -> dict[str, nn.Module]:
    """The three implementations with the same weights, whose logits are compared."""
    torch.manual_seed(0)
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.context_length,
            n_embd=config.d_model,
            n_head=config.n_heads,
            n_layer=config.n_layers,
            n_inner=config.d_ff,
            **{name: 0.0 for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop")},
            bos_token_id=None,  # no token ends a text, so that all are equally long
            eos_token_id=None,
            attn_implementation="sdpa",
        )
    )
    ours, nano = GPT(config), NanoGPT(config)
    ours.load_state_dict(state_from_hugging_face(theirs.state_dict()))
    nano.load_state_dict(state_from_gpt(ours.state_dict()))
    models = dict(zip(IMPLEMENTATIONS, (ours, theirs, nano), strict=True))
    ids = random_ids(config, 2, min(config.context_length, 64), "cpu")
    with torch.no_grad():
        expected = theirs(ids).logits
        for model in (ours, nano):
            difference = (model(ids) - expected).abs().max() / expected.abs().max()
            assert difference < 1e-5, f"{type(model).__name__} is another model: {difference}"
    return {name: model.to(device) for name, model in models.items()}


def random_ids(config: GPTConfig, batch_size: int, seq: int, device: str) -> Tensor:
    """Tokens, drawn evenly."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(config.vocab_size, (batch_size, seq), generator=generator).to(device)


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Matrix products in bfloat16, unless the precision is float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def training_runs(models: dict[str, nn.Module], ids: Tensor, precisions: Sequence[str]) -> Runs:
    """A step of training of each implementation."""
    inputs, targets = ids[:, :-1].contiguous(), ids[:, 1:].contiguous()

    def step(name: str, optimizer: torch.optim.Optimizer, precision: str) -> None:
        model = models[name]
        with autocast(ids.device, precision):
            if name == "hugging_face":  # which shifts the targets itself
                loss = model(input_ids=inputs, labels=inputs, use_cache=False).loss
            else:
                loss = model.loss(inputs, targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    runs = {}
    for name, model in models.items():
        optimizer = torch.optim.AdamW(model.train().parameters(), lr=1e-4, fused=True)
        for precision in precisions:
            runs[name, precision] = partial(step, name, optimizer, precision)
    return runs


def inference_runs(models: dict[str, nn.Module], ids: Tensor, precisions: Sequence[str]) -> Runs:
    """The logits of a batch from each implementation."""
    inputs = ids[:, :-1].contiguous()

    @torch.inference_mode()
    def read(name: str, precision: str) -> None:
        options = {"use_cache": False} if name == "hugging_face" else {}
        with autocast(ids.device, precision):
            models[name](inputs, **options)

    for model in models.values():
        model.eval()
    return {
        (name, precision): partial(read, name, precision)
        for name in models
        for precision in precisions
    }


def generation_runs(config: GPTConfig, device: str, precisions: Sequence[str]) -> Runs:
    """Greedy generation with ours and with Hugging Face's, whose tokens are compared in float32.

    In bfloat16 the weights are kept in it: a step casts none.
    """
    context_length = max(config.context_length, N_PROMPT + N_NEW)
    config = replace(config, context_length=context_length)
    prompt = random_ids(config, 1, N_PROMPT, device)
    runs = {}
    for precision in precisions:
        models = models_of(config, device)
        ours, theirs = (
            models[name].eval().to(getattr(torch, precision)) for name in ("ours", "hugging_face")
        )
        options = {"max_new_tokens": N_NEW, "do_sample": False}
        mask = torch.ones_like(prompt)
        run_ours = partial(generate, ours, prompt)
        run_theirs = partial(theirs.generate, prompt, attention_mask=mask, **options)
        if precision == "float32":
            assert torch.equal(run_ours(), run_theirs()), "the two write different texts"
        runs["ours", precision], runs["hugging_face", precision] = run_ours, run_theirs
    return runs


@torch.inference_mode()
def generate(model: GPT, prompt: Tensor) -> Tensor:
    """The prompt and N_NEW tokens, each the likeliest after those before it."""
    caches = model.new_caches(len(prompt), prompt.shape[1] + N_NEW)
    tokens = [prompt]
    for _ in range(N_NEW):
        last = model.hidden(tokens[-1], caches=caches)[:, -1]
        tokens.append(model.logits(last).argmax(dim=-1, keepdim=True))
    return torch.cat(tokens, dim=1)
