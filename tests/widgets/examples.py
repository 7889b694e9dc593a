"""Widgets to try things on."""

from functools import cache

import torch

from course_lib.data.corpora import state_of_the_union
from course_lib.nn.masks import causal_mask
from course_lib.overfitting.polynomial import noisy_parabola
from course_lib.tokenizer import Tokenizer
from course_lib.tokenizer.fast_train import fast_train_bpe
from course_lib.tokenizer.gpt2 import from_pretrained
from course_lib.widgets.attention_viewer import AttentionViewer
from course_lib.widgets.polynomial_fit import PolynomialFit
from course_lib.widgets.position_explorer import PositionExplorer
from course_lib.widgets.token_colours import TokenColours

RECORD = {
    "n_train": 100,
    "n_features": [10, 50, 100, 200, 1000],
    "alphas": [0, 0.01, 1.0],
    "noise": [0.0, 0.2],
    "train_error": [
        [[0.4, 0.1, 0.0, 0.0, 0.0], [0.4, 0.1, 0.01, 0.0, 0.0], [0.5, 0.2, 0.1, 0.05, 0.01]],
        [[0.5, 0.2, 0.0, 0.0, 0.0], [0.5, 0.2, 0.05, 0.0, 0.0], [0.6, 0.3, 0.2, 0.1, 0.05]],
    ],
    "test_error": [
        [[0.5, 0.3, 0.7, 0.2, 0.1], [0.5, 0.3, 0.35, 0.2, 0.1], [0.5, 0.3, 0.2, 0.15, 0.12]],
        [[0.6, 0.5, 0.9, 0.4, 0.3], [0.6, 0.5, 0.55, 0.4, 0.3], [0.6, 0.45, 0.4, 0.35, 0.32]],
    ],
    "weight_norm": [
        [[3.0, 9.0, 300.0, 9.0, 3.0], [3.0, 8.0, 20.0, 8.0, 3.0], [2.0, 3.0, 3.5, 3.0, 2.0]],
        [[4.0, 12.0, 500.0, 12.0, 4.0], [4.0, 9.0, 30.0, 9.0, 4.0], [2.0, 4.0, 4.5, 4.0, 2.5]],
    ],
    "error_name": "misclassified share",
    "hardware": "not of interest here",
}


def data(seed: int, n: int = 30) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    return *noisy_parabola(n, 0.3, generator), *noisy_parabola(n, 0.3, generator)


def polynomial_fit(seed: int = 0, **options) -> PolynomialFit:
    return PolynomialFit(*data(seed), **options)


def position_explorer(seed: int = 0, width: int = 16, **options) -> PositionExplorer:
    generator = torch.Generator().manual_seed(seed)
    query, key = torch.randn(2, width, generator=generator, dtype=torch.float64)
    return PositionExplorer(query, key, **options)


SENTENCES = [
    text.split(" ")
    for text in (
        "of the people , by the people , for the people",
        "the state of the union is stronger than it was a year ago , and the people know it",
        "we the people",
    )
]


def attention_weights(seed: int = 0) -> list[torch.Tensor]:
    """Causal weights of 3 layers and 4 heads, sharper in some heads than in others."""
    generator = torch.Generator().manual_seed(seed)
    weights = []
    for words in SENTENCES:
        n = len(words)
        scores = torch.randn(3, 4, n, n, generator=generator)
        scores = scores * torch.linspace(0.5, 6, 12).view(3, 4, 1, 1)
        weights.append(scores.masked_fill(~causal_mask(n), -torch.inf).softmax(dim=-1))
    return weights


def attention_viewer(**options) -> AttentionViewer:
    return AttentionViewer(SENTENCES, attention_weights(), **options)


JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
CODE = "def mean(values):\n    if not values:\n        return 0.0\n\treturn sum(values)\n"


@cache
def vocabularies() -> dict[str, Tokenizer]:
    """The bytes, two of a speech that share their merges, one of three languages, and GPT-2's."""
    speech = state_of_the_union()[0].text
    trained = {
        "English, 300": fast_train_bpe(speech, 300),
        "English, 500": fast_train_bpe(speech, 500),
        "mixed, 500": fast_train_bpe(speech + 9 * JAPANESE + 9 * CODE, 500, ["<|endoftext|>"]),
    }
    tokenizers = {"bytes": Tokenizer({byte: bytes([byte]) for byte in range(256)}, [])}
    for name, (vocab, merges) in trained.items():
        tokenizers[name] = Tokenizer(vocab, merges, ["<|endoftext|>"] if "mixed" in name else [])
    return {**tokenizers, "GPT-2": from_pretrained("gpt2")}


def token_colours(**options) -> TokenColours:
    return TokenColours(vocabularies(), **options)
