"""Published weights, by the name of their repository or from a folder."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.models import (
    pretrained_albert,
    pretrained_bert,
    pretrained_gpt,
    pretrained_llama,
    pretrained_roberta,
    pretrained_t5,
)
from course_lib.models.albert import ALBERT
from course_lib.models.bert import BERT
from course_lib.models.gpt import GPT
from course_lib.models.llama import Llama
from course_lib.models.pretrained_files import CONFIG, find_folder, read_config, read_weights
from course_lib.models.roberta import RoBERTa
from course_lib.models.t5 import T5


@dataclass(frozen=True)
class Family:
    """What turns the files of one kind of model into ours."""

    model: type[nn.Module]
    """Our model."""
    config: Callable[[dict[str, Any]], Any]
    """From their configuration to ours."""
    state: Callable[[dict[str, Tensor]], dict[str, Tensor]]
    """From their weights to ours."""


FAMILIES = {
    name: Family(model, source.config_from_hugging_face, source.state_from_hugging_face)
    for name, model, source in [
        ("gpt2", GPT, pretrained_gpt),
        ("bert", BERT, pretrained_bert),
        ("roberta", RoBERTa, pretrained_roberta),
        ("albert", ALBERT, pretrained_albert),
        ("t5", T5, pretrained_t5),
        ("llama", Llama, pretrained_llama),
    ]
}
"""By the `model_type` of config.json."""

ENCODERS, HEADS = (BERT, RoBERTa, ALBERT), ("lm_head.", "sentence_head.")
"""Which models can do without what: some files of encoders hold no head, or one of the two."""


def from_pretrained(
    name_or_folder: str | Path,
    device: torch.device | str | None = None,
    *,
    revision: str | None = None,
) -> nn.Module:
    """A `GPT`, `BERT`, `RoBERTa`, `ALBERT`, `T5` or `Llama` with published weights, in eval mode.

    `config.json` says which model it is and its sizes; the weights come from `model.safetensors`,
    or from the files that `model.safetensors.index.json` names, and are kept in float32. No code is
    run and no pickle is read. A head that an encoder's file does not hold stays as it was drawn,
    which a warning says.

    Args:
        name_or_folder: a folder with these files, or a repository on Hugging Face's hub, for
            example "openai-community/gpt2". What was once downloaded is there offline, too.
        device: where the model shall be; the CPU if left out.
        revision: branch, tag or commit of the repository; its main branch if left out.

    Raises:
        FileNotFoundError: if there is no such folder or repository, or a file is not there.
        ConnectionError: if the hub cannot be reached and its cache does not hold the files.
        ValueError: if the files are damaged or of a model that ours is not.
    """
    folder = find_folder(name_or_folder, revision)
    theirs = read_config(folder)
    try:
        family = family_of(theirs)
        model = build(family, theirs)
        state = family.state(read_weights(folder))
        fill(model, state)
    except KeyError as missing:
        raise ValueError(f"{name_or_folder}: {missing.args[0]!r} is missing") from missing
    except TypeError as error:
        raise ValueError(
            f"{name_or_folder}: a setting in {CONFIG} is of the wrong kind: {error}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{name_or_folder}: {error}") from error
    return model.to(device).eval()


def family_of(config: dict[str, Any]) -> Family:
    """The family that a configuration names, by model_type, or by architectures in old files."""
    name = config.get("model_type")
    if name is None:  # "GPT2LMHeadModel" begins with "gpt2", "BertForMaskedLM" with "bert"
        architecture = (config.get("architectures") or [""])[0].lower()
        name = next((known for known in FAMILIES if architecture.startswith(known)), None)
    if name not in FAMILIES:
        raise ValueError(
            f"model_type in {CONFIG} must be one of {', '.join(FAMILIES)}, got {name!r}"
        )
    return FAMILIES[name]


def build(family: Family, config: dict[str, Any]) -> nn.Module:
    """Our model of these sizes; torch's random numbers go on as if none had been drawn."""
    with torch.random.fork_rng(devices=[]):
        return family.model(family.config(config))


def fill(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Give a model its weights, all of them and no others; only encoders' heads may be missing.

    Raises:
        ValueError: naming what is missing, has no place, or has another shape than the model.
    """
    needed = model.state_dict()
    missing = sorted(needed.keys() - state.keys())
    may_be_missing = HEADS if isinstance(model, ENCODERS) else ()
    left_drawn = [name for name in missing if name.startswith(may_be_missing)]
    wrong = {
        "missing": [name for name in missing if name not in left_drawn],
        "without a place in the model": sorted(state.keys() - needed.keys()),
        "of another shape": [
            f"{name}, {tuple(state[name].shape)} instead of {tuple(weight.shape)}"
            for name, weight in needed.items()
            if name in state and state[name].shape != weight.shape
        ],
    }
    if any(wrong.values()):
        raise ValueError(
            f"the weights do not fit a {type(model).__name__} of these sizes; "
            + "; ".join(f"{what}: {some(names)}" for what, names in wrong.items() if names)
        )
    if left_drawn:
        warnings.warn(
            f"the file has no weights for {some(left_drawn)}: train them before use", stacklevel=3
        )
    model.load_state_dict(state, strict=False)


def some(names: list[str], n_shown: int = 4) -> str:
    """The first of many names."""
    more = f" and {len(names) - n_shown} more" if len(names) > n_shown else ""
    return ", ".join(names[:n_shown]) + more
