"""apt's source lists, in both forms, as Debian images and people write them."""

from pathlib import Path

from ivr.prepare.apt_sources import Source, configured, mirror, parse_deb822, parse_lines, release

DEB822 = """\
Types: deb
# a comment amid the stanza
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb deb-src
URIs: http://mirror.example/debian-security http://second.example/debian-security
Suites: bookworm-security
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINB
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""

LINES = """\
# deb http://commented.example/debian bookworm main
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib  # trailing
deb [trusted=yes] file:/srv/repo ./
"""


def test_deb822_gives_every_uri_and_leaves_disabled_stanzas_out() -> None:
    found = list(parse_deb822(DEB822))
    assert [source.uri for source in found] == [
        "http://mirror.example/debian",
        "http://mirror.example/debian-security",
        "http://second.example/debian-security",
    ]
    assert found[0].suites == ("bookworm", "bookworm-updates")
    assert "BEGIN PGP" in found[1].signed_by


def test_one_line_form_with_options_and_comments() -> None:
    found = list(parse_lines(LINES))
    assert found == [
        Source("http://mirror.example/debian", ("bookworm",), ("main", "contrib"), "/k.gpg"),
        Source("file:/srv/repo", ("./",), (), "", trusted=True),
    ]


def test_the_mirror_is_the_one_that_carries_the_release_itself() -> None:
    security = Source("http://security", ("bookworm-security",), ("main",))
    other = Source("https://packages.example/apt", ("bookworm",), ("stable",))
    main = Source("http://mirror", ("bookworm", "bookworm-updates"), ("main",))
    assert mirror([security, other, main], "bookworm") == main
    assert mirror([security, other], "bookworm") is None


def test_a_line_for_another_suite_keeps_the_key() -> None:
    source = Source("http://mirror", ("bookworm",), ("main",), "/k.gpg")
    assert source.line("forky") == "deb [signed-by=/k.gpg] http://mirror forky main\n"
    assert source.line("forky", "/own.asc") == "deb [signed-by=/own.asc] http://mirror forky main\n"
    assert Source("http://mirror", ("bookworm",), ("main",)).line("sid") == "deb http://mirror sid main\n"


def test_lists_of_a_machine_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://first bookworm main\n")
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (parts / "debian.sources").write_text(DEB822)
    (parts / "old.list.save").write_text("deb http://no bookworm main\n")
    assert [source.uri for source in configured(tmp_path)][:2] == ["http://first", "http://mirror.example/debian"]
    assert all(source.uri != "http://no" for source in configured(tmp_path))


def test_a_machine_without_apt_has_no_sources(tmp_path: Path) -> None:
    assert configured(tmp_path / "nowhere") == []


def test_os_release(tmp_path: Path) -> None:
    file = tmp_path / "os-release"
    file.write_text('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_CODENAME=bookworm\n')
    assert release(file)["VERSION_CODENAME"] == "bookworm"
    assert release(file)["PRETTY_NAME"] == "Debian GNU/Linux 12 (bookworm)"
    assert release(tmp_path / "none") == {}
