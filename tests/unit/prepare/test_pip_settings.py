"""pip's settings, handed on to uv."""

from pathlib import Path

from ivr.prepare.pip_settings import environment, files, for_uv, read

CONF = """\
[global]
index-url = https://index.example/simple
cert = /etc/ssl/own.pem
[install]
extra_index_url =
    https://more.example/simple
    https://even-more.example/simple
trusted-host = index.example
"""


def test_files_in_pips_order_the_strongest_last() -> None:
    found = files({"PIP_CONFIG_FILE": "/named.conf", "XDG_CONFIG_DIRS": "/a:/b"}, Path("/home/x"))
    assert [str(path) for path in found] == [
        "/b/pip/pip.conf",
        "/a/pip/pip.conf",
        "/etc/pip.conf",
        "/home/x/.pip/pip.conf",
        "/home/x/.config/pip/pip.conf",
        "/named.conf",
    ]
    assert files({"PIP_CONFIG_FILE": "/dev/null"}, Path("/home/x")) == []


def test_later_files_and_the_environment_win() -> None:
    texts = [CONF, "[global]\nindex-url = https://user.example/simple\n"]
    assert read(texts, {})["index-url"] == "https://user.example/simple"
    assert read(texts, {"PIP_INDEX_URL": "https://env.example/simple"})["index-url"] == "https://env.example/simple"


def test_a_broken_file_and_empty_values_are_passed_over() -> None:
    assert read(["index-url = no section", "[global]\nindex-url =\n"], {}) == {}


def test_a_percent_sign_in_a_password_is_no_interpolation() -> None:
    url = "https://me:p%40ss@index.example/simple"
    assert read([f"[global]\nindex-url = {url}\n"], {})["index-url"] == url


def test_uv_is_told_the_same() -> None:
    told = for_uv(read([CONF], {}), {})
    assert told == {
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_INDEX": "https://more.example/simple https://even-more.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "index.example",
        "SSL_CERT_FILE": "/etc/ssl/own.pem",
    }


def test_what_is_set_for_uv_already_stays() -> None:
    assert "UV_DEFAULT_INDEX" not in for_uv({"index-url": "https://a"}, {"UV_DEFAULT_INDEX": "https://b"})


def test_folders_that_are_not_there_are_passed_over(tmp_path: Path) -> None:
    settings = {"extra-index-url": f"file://{tmp_path}/no file://{tmp_path}", "find-links": f"{tmp_path}/no"}
    told = for_uv(settings, {})
    assert told["UV_INDEX"] == f"file://{tmp_path}"
    assert "UV_FIND_LINKS" not in told


def test_environment_reads_the_files_of_a_home(tmp_path: Path) -> None:
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text("[global]\nindex-url = https://home.example/simple\n")
    assert environment({"XDG_CONFIG_DIRS": "/nowhere"}, tmp_path)["UV_DEFAULT_INDEX"] == "https://home.example/simple"
