"""The parallel messages, against what anyone can see in the language pack."""

from importlib.metadata import PackageNotFoundError

import pytest

from course_lib.data import messages
from course_lib.data.messages import japanese_messages


def test_messages_are_pairs_of_english_and_japanese():
    pairs = japanese_messages()
    assert dict(pairs)["Cancel"] == "キャンセル"
    assert len(pairs) > 1000
    assert [english for english, _ in pairs] == sorted({english for english, _ in pairs})
    kana = [japanese for _, japanese in pairs if any("\u3040" <= c <= "\u30ff" for c in japanese)]
    assert len(kana) > 0.8 * len(pairs)


def test_no_message_is_empty_or_left_in_english():
    assert all(
        english and japanese and english != japanese for english, japanese in japanese_messages()
    )


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    def not_there(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(messages, "distribution", not_there)
    with pytest.raises(ModuleNotFoundError, match="pip install jupyterlab-language-pack-ja-JP"):
        japanese_messages()
