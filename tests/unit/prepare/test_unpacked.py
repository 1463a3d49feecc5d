"""What starts an unpacked program, in releases before and after /lib and /usr/lib became one."""

from pathlib import Path

from ivr.prepare.unpacked import starter


def test_libraries_of_both_places_are_given_to_the_loader(tmp_path: Path) -> None:
    usr, lib = tmp_path / "usr/lib/x86_64-linux-gnu", tmp_path / "lib/x86_64-linux-gnu"
    (usr / "pulseaudio").mkdir(parents=True)
    lib.mkdir(parents=True)
    (lib / "ld-linux-x86-64.so.2").touch()
    assert starter(tmp_path, "usr/bin/espeak-ng") == [
        str(lib / "ld-linux-x86-64.so.2"),
        "--library-path",
        f"{usr}:{lib}:{usr / 'pulseaudio'}",
        str(tmp_path / "usr/bin/espeak-ng"),
    ]


def test_without_a_loader_the_program_starts_by_itself(tmp_path: Path) -> None:
    assert starter(tmp_path, "usr/bin/espeak-ng") == [str(tmp_path / "usr/bin/espeak-ng")]
