"""Record what fewer key and value heads cost a small language model, and what they save.

    python benchmarks/record_kv_heads.py          # a few minutes on two idle cores

trains a Llama on bytes of the State of the Union speeches with 8 query heads and 8, 4, 2 or 1 key
and value heads, and writes benchmarks/results/kv_heads.json: parameters, bytes of cache for a
token, and bits a byte on held-out speeches, as lists [kv heads][seed].
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from math import log

import torch
from recording import read_options, write_record
from tqdm import tqdm

from course_lib.data.batches import get_batch, random_batches
from course_lib.data.bytes import to_token_ids
from course_lib.data.corpora import state_of_the_union
from course_lib.data.split import split_documents
from course_lib.models.llama import Llama, LlamaConfig
from course_lib.training import TrainingConfig, train

MODEL = LlamaConfig(
    vocab_size=256,
    context_length=64,
    d_model=128,
    n_heads=8,
    n_kv_heads=8,
    n_layers=2,
    d_ff=344,
    tied_head=True,
)
KV_HEADS = [8, 4, 2, 1]
TRAINING = TrainingConfig(n_steps=400, learning_rate=3e-3, n_warmup_steps=50)
BATCH_SIZE, N_WINDOWS = 16, 512


def main() -> None:
    """Train every variant from every seed, and write the record."""
    options = read_options(__doc__, seeds=3, jobs=2)
    seeds = list(range(options.seeds))
    runs = [(n_kv_heads, seed) for n_kv_heads in KV_HEADS for seed in seeds]
    bits = [[] for _ in KV_HEADS]
    with ProcessPoolExecutor(options.jobs) as pool:
        outcomes = tqdm(pool.map(bits_a_byte, *zip(*runs, strict=True)), total=len(runs))
        for (n_kv_heads, _), value in zip(runs, outcomes, strict=True):
            bits[KV_HEADS.index(n_kv_heads)].append(value)
    models = [model_with(n_kv_heads, 0) for n_kv_heads in KV_HEADS]
    results = {
        "model": asdict(MODEL),
        "n_steps": TRAINING.n_steps,
        "learning_rate": TRAINING.learning_rate,
        "batch_size": BATCH_SIZE,
        "n_windows": N_WINDOWS,
        "n_kv_heads": KV_HEADS,
        "n_parameters": [sum(p.numel() for p in model.parameters()) for model in models],
        "cache_bytes_a_token": [cache_bytes(model) for model in models],
        "bits_a_byte": bits,
    }
    what = "A small Llama on bytes of the speeches, by number of key and value heads"
    write_record("kv_heads", what, seeds, results)


def model_with(n_kv_heads: int, seed: int) -> Llama:
    """The model with so many key and value heads, drawn from this seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Llama(replace(MODEL, n_kv_heads=n_kv_heads))


def cache_bytes(model: Llama) -> int:
    """Bytes that the caches of all layers set aside for one token, in float32."""
    caches = model.new_caches(batch=1, n_tokens=1)
    return sum(cache.keys.nbytes + cache.values.nbytes for cache in caches)


def bits_a_byte(n_kv_heads: int, seed: int) -> float:
    """On held-out speeches, after training from this seed."""
    torch.set_num_threads(1)
    texts, held_out = (
        to_token_ids("".join(speech.text for speech in part))
        for part in split_documents(state_of_the_union(), 0.1, torch.Generator().manual_seed(0))
    )
    model = model_with(n_kv_heads, seed)
    generator = torch.Generator().manual_seed(seed)
    train(model, random_batches(texts, BATCH_SIZE, MODEL.context_length, generator), TRAINING)
    windows = get_batch(held_out, N_WINDOWS, MODEL.context_length, torch.Generator().manual_seed(0))
    with torch.no_grad():
        parts = zip(*(part.split(64) for part in windows), strict=True)
        losses = [model.loss(*part).item() for part in parts]
    return sum(losses) / len(losses) / log(2)


if __name__ == "__main__":
    main()
