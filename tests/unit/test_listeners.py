"""/proc, as the kernel writes it (proc(5)), in a folder of our own."""

from pathlib import Path

import pytest

from ivr import listeners

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:3ABE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0
   1: 0100007F:3ABF 0100007F:3ABE 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0
"""
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  100: 00000000:3AD4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4713 2 0000000000000000 0
"""


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "net").mkdir()
    (tmp_path / "net/tcp").write_text(TCP)
    (tmp_path / "net/udp").write_text(UDP)
    for process, parent, name in ((1, 0, "init"), (20, 1, "ivr up"), (21, 20, "a) odd (name"), (30, 1, "other")):
        folder = tmp_path / str(process)
        (folder / "fd").mkdir(parents=True)
        (folder / "stat").write_text(f"{process} ({name}) S {parent} {process} 0\n")
        (folder / "cmdline").write_bytes(name.replace(" ", "\0").encode() + b"\0")
    (tmp_path / "21/fd/7").symlink_to("socket:[4711]")
    (tmp_path / "30/fd/3").symlink_to("socket:[4713]")
    return tmp_path


def test_listening_tcp_and_bound_udp_ports(proc: Path) -> None:
    assert listeners.sockets(proc=proc) == {15038: {"4711"}, 15060: {"4713"}}


def test_owners_of_sockets(proc: Path) -> None:
    assert listeners.owners(["4711", "4713", "9999"], proc=proc) == {"4711": 21, "4713": 30}


def test_a_family_is_a_process_and_all_that_descend_from_it(proc: Path) -> None:
    assert listeners.family([20], proc=proc) == {20, 21}
    assert listeners.family([], proc=proc) == set()


def test_command_lines(proc: Path) -> None:
    assert listeners.command_line(20, proc=proc) == "ivr up"
    assert listeners.command_line(99, proc=proc) == ""
