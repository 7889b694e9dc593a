"""Fetching, from a server of this test's own: once, by hash, and with words where it fails."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from course_lib.data.fetch import RemoteFile, cache_folder, fetch

CONTENT = b"Call me Ishmael."


@pytest.fixture
def server():
    """An address that serves CONTENT, and the list of what was asked of it."""
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[: 5 if self.path == "/cut" else None])

        def log_message(self, *arguments):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", asked
    running.shutdown()
    thread.join()
    running.server_close()


def novel(url, content=CONTENT):
    return RemoteFile("The novel", "novel.txt", url, hashlib.sha256(content).hexdigest())


def test_a_file_is_fetched_once_and_then_read_from_disk(server, tmp_path):
    address, asked = server
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        path = fetch(novel(f"{address}/novel"), folder)
        assert path == folder / "novel.txt"
        assert path.read_bytes() == CONTENT
    assert asked == ["/novel"]


def test_a_damaged_file_is_fetched_again(server, tmp_path):
    address, asked = server
    (tmp_path / "novel.txt").write_bytes(b"Call me")
    assert fetch(novel(f"{address}/novel"), tmp_path).read_bytes() == CONTENT
    assert asked == ["/novel"]


@pytest.mark.parametrize(
    ("path", "content"), [("novel", b"Call me Ahab."), ("cut", CONTENT)], ids=["another", "cut off"]
)
def test_another_file_or_half_a_file_is_never_kept(server, tmp_path, path, content):
    with pytest.raises(OSError, match="could not be fetched"):
        fetch(novel(f"{server[0]}/{path}", content), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_the_error_says_what_goes_where(tmp_path):
    file = novel("http://127.0.0.1:1/novel")
    with pytest.raises(OSError, match="could not be fetched") as caught:
        fetch(file, tmp_path)
    for part in (file.title, file.url, str(tmp_path / file.name), file.sha256):
        assert part in str(caught.value)
    (tmp_path / file.name).write_bytes(CONTENT)
    assert fetch(file, tmp_path) == tmp_path / file.name


def test_the_default_folder_is_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder().name == "from-overfitting-to-llms"
