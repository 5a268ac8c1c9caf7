"""The oracle is a web server of the standard library on this machine, and hashlib."""

import gc
import hashlib
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pipeline.data.fetch import SHA256, fetch
from pipeline.errors import DataError

CONTENT = b"Age,Type\n1,A\n2,B\n" * 1000
GOOD = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves one file, a file that breaks off, and 404 for the rest."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if self.path in ("/data.csv", "/cut.csv") else 404)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT if self.path == "/data.csv" else CONTENT[:100])

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Handler.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def problems(target: Path, url: str, sha256: str) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        fetch(target, url, sha256)
    return caught.value.problems


def refusal(target: Path, url: str, sha256: str = GOOD) -> str:
    (problem,) = problems(target, url, sha256)
    assert "\n" not in problem
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # urllib3 leaves the socket of an answer that broke off to the garbage collector
    return problem


def test_the_good_file_arrives_byte_for_byte_in_a_folder_made_for_it(tmp_path: Path, server: str) -> None:
    target = tmp_path / "new" / "article.csv"
    assert fetch(target, f"{server}/data.csv", GOOD) == target
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["article.csv"]


def test_a_file_that_is_there_already_is_not_asked_for_again(tmp_path: Path, server: str) -> None:
    (tmp_path / "article.csv").write_bytes(CONTENT)
    fetch(tmp_path / "article.csv", f"{server}/data.csv", GOOD)
    assert Handler.asked == []


def test_another_file_under_the_name_is_replaced_by_the_expected_one(tmp_path: Path, server: str) -> None:
    (tmp_path / "article.csv").write_bytes(CONTENT[:50])
    fetch(tmp_path / "article.csv", f"{server}/data.csv", GOOD)
    assert (tmp_path / "article.csv").read_bytes() == CONTENT


def test_a_wrong_hash_is_refused_and_leaves_nothing_behind(tmp_path: Path, server: str) -> None:
    problem = refusal(tmp_path / "article.csv", f"{server}/data.csv", SHA256)
    assert f"{server}/data.csv" in problem
    assert "not the expected one" in problem
    assert GOOD in problem
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_hash_leaves_the_file_that_was_there(tmp_path: Path, server: str) -> None:
    (tmp_path / "article.csv").write_bytes(b"mine")
    refusal(tmp_path / "article.csv", f"{server}/data.csv", SHA256)
    assert (tmp_path / "article.csv").read_bytes() == b"mine"


@pytest.mark.parametrize(("name", "reason"), [("gone.csv", "HTTPError"), ("cut.csv", "ChunkedEncodingError")])
def test_an_answer_that_is_no_file_says_address_reason_and_way_out(tmp_path: Path, server: str, name: str, reason: str) -> None:
    problem = refusal(tmp_path / "article.csv", f"{server}/{name}")
    for part in (f"{server}/{name}", reason, "by hand", str(tmp_path / "article.csv")):
        assert part in problem
    assert list(tmp_path.iterdir()) == []


def test_no_server_says_address_reason_and_way_out(tmp_path: Path, server: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        url = f"http://127.0.0.1:{closed.server_port}/data.csv"
    problem = refusal(tmp_path / "article.csv", url)
    for part in (url, "ConnectionError", "by hand", str(tmp_path / "article.csv")):
        assert part in problem


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, server: str) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file" / "article.csv") in refusal(tmp_path / "file" / "article.csv", f"{server}/data.csv")


def test_the_built_in_hash_is_that_of_the_real_article_file(article: Path) -> None:
    assert hashlib.sha256(article.read_bytes()).hexdigest() == SHA256
