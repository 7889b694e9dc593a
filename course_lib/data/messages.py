"""The same sentences in English and in Japanese: the messages of JupyterLab's interface."""

import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_PACKAGE = "jupyterlab-language-pack-ja-JP"


def japanese_messages() -> list[tuple[str, str]]:
    """Each message in English and in Japanese, some 1,500 pairs, in the order of the English.

    They lie in a language pack of JupyterLab and nothing is fetched. Messages that its translators
    left in English are not among them. A "%1" stands where the program puts a name or a number.

    Raises ModuleNotFoundError if the package is not installed.

    Source: Project Jupyter, language packs (BSD licence).
    """
    pairs = {}
    for path in sorted(_folder().glob("*.json")):
        for key, translations in json.loads(path.read_text("utf-8")).items():
            english = key.rpartition("\x04")[2]  # a context may stand before it
            if english and translations[0] not in ("", english):
                pairs.setdefault(english, translations[0])
    return sorted(pairs.items())


def _folder() -> Path:
    try:
        found = distribution(_PACKAGE)
    except PackageNotFoundError as error:
        raise ModuleNotFoundError(
            f"the messages are in the package {_PACKAGE}, which is not installed; "
            f"install it with: pip install {_PACKAGE}"
        ) from error
    return Path(str(found.locate_file("jupyterlab_language_pack_ja_JP/locale/ja_JP/LC_MESSAGES")))
