"""The folder of a small GPT-2, as it would be published."""

import json

import torch
from safetensors.torch import save_file

SIZES = {"vocab_size": 9, "n_positions": 5, "n_embd": 4, "n_head": 2, "n_layer": 1}


def weights():
    """All that a GPT-2 of one block holds, as its published file has it."""
    shapes = {
        **{"wte.weight": (9, 4), "wpe.weight": (5, 4), "ln_f.weight": (4,), "ln_f.bias": (4,)},
        **{f"h.0.ln_{i}.{part}": (4,) for i in (1, 2) for part in ("weight", "bias")},
        **{"h.0.attn.c_attn.weight": (4, 12), "h.0.attn.c_attn.bias": (12,)},
        **{"h.0.attn.c_proj.weight": (4, 4), "h.0.attn.c_proj.bias": (4,)},
        **{"h.0.mlp.c_fc.weight": (4, 16), "h.0.mlp.c_fc.bias": (16,)},
        **{"h.0.mlp.c_proj.weight": (16, 4), "h.0.mlp.c_proj.bias": (4,)},
    }
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def write_folder(path):
    """All in one file."""
    path.mkdir()
    (path / "config.json").write_text(json.dumps(SIZES | {"model_type": "gpt2"}))
    save_file(weights(), path / "model.safetensors")
    return path


def in_two_files(folder):
    """The same in two files; returns the path of their index."""
    (folder / "model.safetensors").unlink()
    names = sorted(weights())
    file_of = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(names)}
    for file in set(file_of.values()):
        save_file({n: w for n, w in weights().items() if file_of[n] == file}, folder / file)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": file_of}))
    return index
