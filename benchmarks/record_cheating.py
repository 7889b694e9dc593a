"""Record what training on the future does: three masks, one network, State of the Union bytes.

    python benchmarks/record_cheating.py          # about eight minutes of one core

writes benchmarks/results/cheating.json. The same small GPT is trained to name the next byte with a
causal mask, with one that lets each position see one byte too far, and with none. For each, as
lists [seed]: the training loss by step (mean over EVERY steps); the loss on held-out speeches as
training would report it, all positions at once; and what it is by the number of bytes read, when
the model is given those bytes and nothing after them. In nats a byte. Of the first seed also what
it writes after PROMPT, byte by byte.
"""

import torch
from recording import read_options, write_record
from torch import Tensor

from course_lib.data.batches import get_batch, random_batches
from course_lib.data.bytes import to_text, to_token_ids
from course_lib.data.corpora import state_of_the_union
from course_lib.data.split import split_documents
from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.loss import token_loss
from course_lib.nn.attention import fused_attention
from course_lib.training import TrainingConfig, train

SIZES = GPTConfig(vocab_size=256, context_length=64, d_model=64, n_heads=4, n_layers=2, d_ff=256)
STEPS = TrainingConfig(n_steps=1500, learning_rate=3e-3, n_warmup_steps=100)
BATCH_SIZE, EVERY, N_JUDGED = 16, 20, 1000
N_READ = [1, 2, 4, 8, 16, 32, 48, 56, 60, 63, 64]
PROMPT, N_WRITTEN, TEMPERATURE = "My fellow citizens, ", 150, 0.7


def one_too_far(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention whose causal mask is off by one: each position also sees the next."""
    seq = q.shape[-2]
    return fused_attention(q, k, v, torch.ones(seq, seq, dtype=torch.bool).tril(1))


ATTENTIONS = {"causal": None, "off_by_one": one_too_far, "none": fused_attention}


def main() -> None:
    """Train and judge every model, and write the record."""
    seeds = list(range(read_options(__doc__, seeds=3).seeds))
    results = {
        "sizes": vars(SIZES),
        "n_steps": STEPS.n_steps,
        "batch_size": BATCH_SIZE,
        "every": EVERY,
        "n_read": N_READ,
        "prompt": PROMPT,
        "temperature": TEMPERATURE,
    }
    for name in ATTENTIONS:
        runs = [run(name, seed) for seed in seeds]
        results[name] = {key: [one[key] for one in runs] for key in runs[0] if key != "writes"}
        results[name]["writes"] = runs[0]["writes"]
    what = "a small GPT on bytes of speeches, with a causal mask, one off by one, and none"
    write_record("cheating", what, seeds, results)


def run(name: str, seed: int) -> dict:
    """One model: the seed draws the split, the weights, the batches and what is written."""
    generator = torch.Generator().manual_seed(seed)
    train_text, held_out = split_documents(state_of_the_union(), 0.1, generator)
    token_ids, judged = (
        to_token_ids("\n".join(speech.text for speech in part)) for part in (train_text, held_out)
    )
    model = new_model(name, seed)
    batches = random_batches(token_ids, BATCH_SIZE, SIZES.context_length, generator)
    losses = train(model, batches, STEPS)
    model.eval()
    inputs, targets = get_batch(judged, N_JUDGED, SIZES.context_length, generator)
    return {
        "loss": torch.tensor(losses).view(-1, EVERY).mean(dim=1).tolist(),
        "held_out": all_at_once(model, inputs, targets),
        "from_the_past": [from_the_past(model, inputs, targets, n) for n in N_READ],
        "writes": write(model, PROMPT, N_WRITTEN, generator),
    }


def new_model(name: str, seed: int) -> GPT:
    """The GPT whose attention sees what `name` lets it see; the seed draws the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = GPT(SIZES)
    for block in model.blocks:
        block.self_attention.attention = ATTENTIONS[name] or block.self_attention.attention
    return model


@torch.no_grad()
def all_at_once(model: GPT, inputs: Tensor, targets: Tensor) -> float:
    """The loss as in training: every position's target follows it in the same input."""
    return token_loss(model(inputs), targets).item()


@torch.no_grad()
def from_the_past(model: GPT, inputs: Tensor, targets: Tensor, n_read: int) -> float:
    """The loss of the byte after the first n_read, when the model gets those alone."""
    return token_loss(model(inputs[:, :n_read])[:, -1], targets[:, n_read - 1]).item()


@torch.no_grad()
def write(model: GPT, prompt: str, n_bytes: int, generator: torch.Generator) -> str:
    """The prompt, continued byte by byte, each drawn from what the model expects after the last."""
    token_ids = to_token_ids(prompt)
    for _ in range(n_bytes):
        logits = model(token_ids[None, -SIZES.context_length :])[0, -1]
        shares = (logits / TEMPERATURE).softmax(dim=-1)
        token_ids = torch.cat([token_ids, torch.multinomial(shares, 1, generator=generator)])
    return to_text(token_ids)


if __name__ == "__main__":
    main()
