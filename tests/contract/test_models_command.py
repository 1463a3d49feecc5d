"""`ivr models add` from an address: a real server, the right checksum, the wrong one, none there."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.commands.models import app
from ivr.errors import NotPrepared
from tests.fakes import sherpa_models


def model_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("vosk-model-xx/am/final.mdl", b"acoustic" * 1000)
    return out.getvalue()


MODEL = model_zip()


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/model.zip" else 404)
        self.send_header("Content-Length", str(len(MODEL)))
        self.end_headers()
        self.wfile.write(MODEL)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ivr.toml").write_text('var = "var"\n', "utf-8")
    monkeypatch.setenv("IVR_SETTINGS", str(tmp_path / "ivr.toml"))


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_model_is_brought_listed_and_checked(address: str, tmp_path: Path) -> None:
    run("add", "mine", f"{address}/model.zip", "--sha256", hashlib.sha256(MODEL).hexdigest())
    assert "mine（vosk" in run("list")
    assert "mine：完好" in run("check")
    (tmp_path / "var/models-speech/mine/am/final.mdl").write_bytes(b"")
    broken = CliRunner().invoke(app, ["check", "mine"])
    assert (broken.exit_code, "am/final.mdl 内容变了" in broken.output) == (1, True)


@pytest.mark.parametrize(
    ("path", "sha256", "sentence"),
    [("/model.zip", "0" * 64, "SHA-256"), ("/gone.zip", "", "404")],
)
def test_what_cannot_be_had_or_trusted_is_not_added(
    path: str, sha256: str, sentence: str, address: str, tmp_path: Path
) -> None:
    with pytest.raises(NotPrepared, match=sentence):
        CliRunner().invoke(app, ["add", "mine", address + path, "--sha256", sha256], catch_exceptions=False)
    assert list((tmp_path / "var/models-speech").iterdir()) == []


def test_a_model_of_sherpa_is_tried_before_it_is_added_and_when_it_is_checked(tmp_path: Path) -> None:
    source = sherpa_models.ctc(tmp_path / "source")
    run("add", "mine", str(source))
    assert "mine（sherpa" in run("list")
    assert "mine：完好" in run("check")
    offline = sherpa_models.ctc(tmp_path / "offline", without=("decode_chunk_len",))
    with pytest.raises(NotPrepared, match="请换成流式"):
        CliRunner().invoke(app, ["add", "other", str(offline)], catch_exceptions=False)
    assert sorted(entry.name for entry in (tmp_path / "var/models-speech").iterdir()) == ["mine", "mine.sums.json"]
    (source / "joiner.onnx").write_bytes(b"")
    (source / "model.onnx").unlink()
    with pytest.raises(NotPrepared, match="不齐"):
        CliRunner().invoke(app, ["add", "other", str(source)], catch_exceptions=False)


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotPrepared, match="下载不了"):
        CliRunner().invoke(app, ["add", "mine", "http://127.0.0.1:9/model.zip"], catch_exceptions=False)
