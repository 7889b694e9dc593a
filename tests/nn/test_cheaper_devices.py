"""Recurrent cells, embeddings and cheap attention on the device of what they are given."""

import pytest
import torch

from course_lib.nn.embeddings import CBOW, SkipGram, analogy, nearest
from course_lib.nn.lsh import lsh_attention
from course_lib.nn.negative_sampling import draw_negatives, negative_sampling_loss
from course_lib.nn.recurrent import LSTMCell, RNNCell, run_cell
from course_lib.nn.skip_gram_pairs import cbow_pairs, skip_gram_pairs
from course_lib.nn.sliding_window import sliding_window_attention
from course_lib.nn.sparse import reachable, strided_mask


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def draws(*shape, seed=0):
    return torch.randn(shape, generator=seeded(seed))


def recurrent(cell_class):
    def run(put):
        torch.manual_seed(0)
        cell = put(cell_class(3, 4))
        return run_cell(cell, put(draws(2, 5, 3)), cell.initial_state(2))[0]

    return run


def scores(model_class, inputs):
    def run(put):
        torch.manual_seed(0)
        return put(model_class(9, 4)).hidden(put(inputs))

    return run


def negative_sampling(put):
    negatives = draw_negatives(put(torch.arange(1, 10)), 6, 3, seeded())
    targets = put(torch.arange(6))
    return negative_sampling_loss(put(draws(6, 4)), put(draws(9, 4)), targets, negatives)


def hashed(put):
    return lsh_attention(put(draws(2, 1, 8, 4)), put(draws(2, 1, 8, 4, seed=1)), 4, 2, 4, seeded())


def windowed(put):
    return sliding_window_attention(*(put(draws(2, 1, 7, 4, seed=seed)) for seed in range(3)), 3)


FUNCTIONS = {
    "RNN": recurrent(RNNCell),
    "LSTM": recurrent(LSTMCell),
    "SkipGram": scores(SkipGram, torch.tensor([1, 4])),
    "CBOW": scores(CBOW, torch.tensor([[1, -1], [2, 3]])),
    "skip_gram_pairs": lambda put: skip_gram_pairs(put(torch.arange(6)), 2),
    "cbow_pairs": lambda put: cbow_pairs(put(torch.arange(6)), 2)[0],
    "nearest": lambda put: nearest(put(draws(9, 4)), 2, 3),
    "analogy": lambda put: analogy(put(draws(9, 4)), 0, 1, 2, 3),
    "reachable": lambda put: reachable(put(strided_mask(9, 4)), 2),
    **{f.__name__: f for f in (negative_sampling, hashed, windowed)},
}


@pytest.mark.gpu
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_gpu_gives_what_the_cpu_gives(name):
    device = "cuda" if torch.cuda.is_available() else "mps"
    there, here = FUNCTIONS[name](lambda item: item.to(device)), FUNCTIONS[name](lambda item: item)
    assert there.device.type == device
    torch.testing.assert_close(there.cpu(), here, rtol=1e-4, atol=1e-5)


# Neither of the two left out works without data: what they return depends on it.
@pytest.mark.parametrize(
    "name", [name for name in FUNCTIONS if name not in ("skip_gram_pairs", "negative_sampling")]
)
def test_no_tensor_is_left_on_the_cpu(name):
    result = FUNCTIONS[name](lambda item: item.to("meta"))  # no data; torch refuses to mix devices
    assert result.device.type == "meta"
