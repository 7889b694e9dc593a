"""Sizes of GPT: the four that were published as GPT-2, and the two of our benchmarks."""

from course_lib.models.gpt import GPTConfig


def gpt2_small() -> GPTConfig:
    """GPT-2 with 124 million parameters."""
    return _gpt2(d_model=768, n_heads=12, n_layers=12)


def gpt2_medium() -> GPTConfig:
    """GPT-2 with 355 million parameters."""
    return _gpt2(d_model=1024, n_heads=16, n_layers=24)


def gpt2_large() -> GPTConfig:
    """GPT-2 with 774 million parameters."""
    return _gpt2(d_model=1280, n_heads=20, n_layers=36)


def gpt2_xl() -> GPTConfig:
    """GPT-2 with 1558 million parameters."""
    return _gpt2(d_model=1600, n_heads=25, n_layers=48)


def gpt_benchmark_a() -> GPTConfig:
    """Size A of our benchmarks: 0.9 million parameters."""
    return GPTConfig(1024, context_length=128, d_model=128, n_heads=4, n_layers=4, d_ff=512)


def gpt_benchmark_b() -> GPTConfig:
    """Size B of our benchmarks: 12 million parameters."""
    return GPTConfig(4096, context_length=256, d_model=384, n_heads=6, n_layers=6, d_ff=1536)


def _gpt2(d_model: int, n_heads: int, n_layers: int) -> GPTConfig:
    """What the four share. Source: Radford et al. (2019), table 2 and section 2.3."""
    return GPTConfig(50_257, 1024, d_model, n_heads, n_layers, d_ff=4 * d_model)
