"""GPT-2 in as little code as it takes, in the manner of nanoGPT, for `course_lib` to keep up with.

One matrix makes queries, keys and values; there is no cache, no check of the input, no choice.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.gpt import GPTConfig


class Block(nn.Module):
    """Attention and feed-forward, each behind a norm."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.n_heads, d_model = config.n_heads, config.d_model
        self.ln_1, self.ln_2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.c_attn, self.c_proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.c_fc, self.c_out = nn.Linear(d_model, config.d_ff), nn.Linear(config.d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        """One step of the stream."""
        batch, seq, d_model = x.shape
        q, k, v = (
            part.view(batch, seq, self.n_heads, d_model // self.n_heads).transpose(1, 2)
            for part in self.c_attn(self.ln_1(x)).split(d_model, dim=2)
        )
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.c_proj(heads.transpose(1, 2).contiguous().view(batch, seq, d_model))
        return x + self.c_out(F.gelu(self.c_fc(self.ln_2(x)), approximate="tanh"))


class NanoGPT(nn.Module):
    """The network, with its loss."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.wte = nn.Embedding(config.vocab_size, config.d_model)
        self.wpe = nn.Embedding(config.context_length, config.d_model)
        self.h = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.ln_f = nn.LayerNorm(config.d_model)

    def forward(self, token_ids: Tensor) -> Tensor:
        """Logits at each position."""
        positions = torch.arange(token_ids.shape[1], device=token_ids.device)
        x = self.wte(token_ids) + self.wpe(positions)
        for block in self.h:
            x = block(x)
        return F.linear(self.ln_f(x), self.wte.weight)

    def loss(self, token_ids: Tensor, targets: Tensor) -> Tensor:
        """Mean cross-entropy of what comes next."""
        logits = self(token_ids)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.view(-1))


def state_from_gpt(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a `course_lib` GPT, for `NanoGPT.load_state_dict`."""
    names = {
        "token_embedding": "wte",
        "positions.table": "wpe.weight",
        "blocks.": "h.",
        "final_norm": "ln_f",
        "self_attention_norm": "ln_1",
        "feed_forward_norm": "ln_2",
        "self_attention.out_proj": "c_proj",
        "feed_forward.up_proj": "c_fc",
        "feed_forward.down_proj": "c_out",
        "scale": "weight",
        "shift": "bias",
    }
    nano = {}
    for name, weight in state.items():
        if "k_proj" in name or "v_proj" in name:
            continue
        if "q_proj" in name:
            parts = [state[name.replace("q_proj", f"{letter}_proj")] for letter in "qkv"]
            name, weight = name.replace("self_attention.q_proj", "c_attn"), torch.cat(parts)
        for old, new in names.items():
            name = name.replace(old, new)
        nano[name] = weight
    return nano
