"""Folders of published models: what is said when files are missing or damaged."""

import json
from pathlib import Path

import pytest
import torch
from small_gpt2 import in_two_files, weights, write_folder

from course_lib.models import from_pretrained
from course_lib.models.gpt import GPT


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "theirs")


def test_a_folder_may_be_a_path_or_its_name(folder, monkeypatch):
    for given in (folder, str(folder)):
        assert torch.equal(from_pretrained(given).token_embedding.weight, weights()["wte.weight"])
    monkeypatch.chdir(folder.parent)
    assert isinstance(from_pretrained("theirs"), GPT)


def test_one_file_and_two_give_the_same(folder):
    expected = from_pretrained(folder).state_dict()
    in_two_files(folder)
    found = from_pretrained(folder).state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize("given", ["./none", "/none/such", "~/none", "a/b/c", "some:thing"])
def test_what_can_only_be_a_folder_is_not_looked_for_elsewhere(given):
    with pytest.raises(FileNotFoundError, match="name_or_folder must be a folder"):
        from_pretrained(given)


def test_a_file_is_no_folder(folder):
    with pytest.raises(FileNotFoundError, match=r"must be a folder, and .*config\.json is none"):
        from_pretrained(folder / "config.json")
    with pytest.raises(FileNotFoundError, match=r"must be a folder, and none is none"):
        from_pretrained(Path("none"))


def test_a_folder_without_a_configuration(folder):
    (folder / "config.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"there is no config\.json in .*theirs"):
        from_pretrained(folder)


@pytest.mark.parametrize(
    ("text", "message"), [("{", "is not JSON"), ("[1]", "must hold a JSON object, got list")]
)
def test_a_configuration_that_is_none(folder, text, message):
    (folder / "config.json").write_text(text)
    with pytest.raises(ValueError, match=f"config.json {message}"):
        from_pretrained(folder)


def test_pickled_weights_are_not_read(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    message = r"neither model\.safetensors nor .* only pytorch_model\.bin, which may run code"
    with pytest.raises(FileNotFoundError, match=message):
        from_pretrained(folder)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(FileNotFoundError, match=r"index\.json in .*theirs\. Only safetensors"):
        from_pretrained(folder)


@pytest.mark.parametrize("n_bytes", [0, 5, 300, -1])
@pytest.mark.parametrize("several", [False, True])
def test_a_file_that_is_cut_short(folder, n_bytes, several):
    if several:
        in_two_files(folder)
    path = max(folder.glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(ValueError, match=rf"{path.name} is cut short or no safetensors file \("):
        from_pretrained(folder)


def test_a_file_that_the_index_names_is_missing(folder):
    in_two_files(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(FileNotFoundError, match=r"names model-00002-of-00002\.safetensors, and"):
        from_pretrained(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m | {"lost": "model-00001-of-00002.safetensors"}, "holds lost, but it does not"),
        (lambda m: m | {"lost": "../model.safetensors"}, r"must name files beside it, got '\.\./"),
        (lambda m: m | {"lost": 3}, "must be JSON with a weight_map from names to files"),
        (lambda m: list(m), "must be JSON with a weight_map from names to files"),
    ],
)
def test_an_index_that_is_wrong(folder, change, message):
    index = in_two_files(folder)
    index.write_text(
        json.dumps({"weight_map": change(json.loads(index.read_text())["weight_map"])})
    )
    with pytest.raises(ValueError, match=message):
        from_pretrained(folder)
