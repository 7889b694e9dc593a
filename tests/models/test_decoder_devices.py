"""A GPU computes what the CPU does, in one pass and with caches."""

import pytest
import torch

from course_lib.models.gpt import GPT, GPTConfig
from course_lib.models.llama import Llama, LlamaConfig

SIZES = {"vocab_size": 37, "context_length": 12, "d_model": 32, "n_layers": 2, "d_ff": 48}
MODELS = {
    "gpt": lambda: GPT(GPTConfig(n_heads=4, **SIZES)),
    "llama": lambda: Llama(LlamaConfig(n_heads=4, n_kv_heads=2, **SIZES)),
}


@pytest.mark.gpu
@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_a_gpu_gives_what_the_cpu_gives(name):
    device = "cuda" if torch.cuda.is_available() else "mps"
    torch.manual_seed(0)
    model, token_ids = MODELS[name](), torch.randint(37, (3, 12))
    expected = model(token_ids)
    model.to(device)
    caches, there = model.new_caches(3), token_ids.to(device)
    steps = [model(part, caches=caches) for part in there.split([5, 1, 6], dim=1)]
    for result in (model(there), torch.cat(steps, dim=1)):
        torch.testing.assert_close(result.cpu(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_no_tensor_is_left_on_the_cpu(name):
    model = MODELS[name]().to("meta")  # no data; torch refuses to mix devices
    token_ids = torch.zeros(3, 5, dtype=torch.int64, device="meta")
    assert model(token_ids, caches=model.new_caches(3)).device.type == "meta"
