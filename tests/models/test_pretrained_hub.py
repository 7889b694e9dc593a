"""Names of published models: fetched by the hub's own client, found in its cache, or explained."""

import json
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from huggingface_hub import constants, file_download
from small_gpt2 import SIZES, in_two_files, write_folder

from course_lib.models import from_pretrained
from course_lib.models.gpt import GPT

COMMIT = "0123456789abcdef0123456789abcdef01234567"


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
            elif kind == "api" and not rest.endswith(("/main", "/v2")):
                status, headers = 404, {"X-Error-Code": "RevisionNotFound"}
            elif kind == "api":
                siblings = [{"rfilename": name} for name in files]
                body = json.dumps({"id": "course/tiny", "sha": COMMIT, "siblings": siblings})
                body = body.encode()
            else:
                name = self.path.removeprefix(f"/course/tiny/resolve/{COMMIT}/")
                body = files[name]
                headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{name}"'}
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
    folder = write_folder(tmp_path / "theirs")
    in_two_files(folder)
    expected = from_pretrained(folder).state_dict()
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    others = {"pytorch_model.bin": b"", "onnx/model.safetensors": b"", "README.md": b""}
    with hub(files | others) as (address, asked):
        ask(address)
        found = from_pretrained("course/tiny").state_dict()
        assert all(torch.equal(found[name], expected[name]) for name in expected)
        fetched = {path.rpartition("/")[2] for path in asked if "resolve" in path}
        assert fetched == set(files)
        n_asked = len(asked)
        assert isinstance(from_pretrained("course/tiny", revision="v2"), GPT)
        assert not any("resolve" in path for path in asked[n_asked:])
    ask("http://127.0.0.1:9")  # where nobody answers
    assert isinstance(from_pretrained("course/tiny"), GPT)


def test_offline_and_never_fetched(ask, tmp_path, monkeypatch):
    ask("http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConnectionError) as caught:
        from_pretrained("course/tiny")
    for said in (tmp_path / "course/tiny", tmp_path / "cache", "http://127.0.0.1:9/course/tiny"):
        assert str(said) in str(caught.value)
    assert "or give a folder that holds its config.json and model.safetensors" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "revision", "message"),
    [
        ("course/none", None, r"neither a folder .*course/none nor a public repository at http"),
        ("course/tiny", "v3", "there is no revision 'v3' at http.*/course/tiny"),
        ("course/gated", None, "'course/gated' wants its terms accepted: do so at http"),
        ("course/ti--ny", None, "'course/ti--ny' cannot be the name of a repository"),
    ],
)
def test_what_the_hub_does_not_give(ask, name, revision, message):
    with hub({"config.json": b"{}"}) as (address, _):
        ask(address)
        with pytest.raises(FileNotFoundError, match=message):
            from_pretrained(name, revision=revision)


def test_a_repository_without_safetensors(ask):
    sizes = json.dumps(SIZES | {"model_type": "gpt2"}).encode()
    with hub({"config.json": sizes, "pytorch_model.bin": b""}) as (address, asked):
        ask(address)
        with pytest.raises(FileNotFoundError, match="neither model"):
            from_pretrained("course/tiny")
        assert not any("bin" in path for path in asked)


def test_without_the_hubs_client_it_is_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match="pip install huggingface_hub"):
        from_pretrained("course/tiny")
