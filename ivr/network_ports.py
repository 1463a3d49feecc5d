"""Ports of a machine: who answers there, which are taken, which are free."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

import aiohttp


async def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Does an HTTP server answer 200 there?"""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as http,
            http.get(url) as response,
        ):
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


def free_ports(host: str) -> tuple[int, int]:
    """Two TCP ports that nobody listens on now."""
    with socket.socket() as one, socket.socket() as other:
        one.bind((host, 0))
        other.bind((host, 0))
        return one.getsockname()[1], other.getsockname()[1]


def busy_ports(host: str, tcp: Mapping[str, int]) -> list[str]:
    """Those of the named TCP ports that cannot be listened on, as sentences."""
    return _refused(host, tcp, socket.SOCK_STREAM)


def busy_udp_ports(host: str, udp: Mapping[str, int]) -> list[str]:
    """As `busy_ports`, for UDP."""
    return _refused(host, udp, socket.SOCK_DGRAM)


def _refused(host: str, ports: Mapping[str, int], kind: socket.SocketKind) -> list[str]:
    found = []
    for name, port in ports.items():
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
            if (
                kind is socket.SOCK_STREAM
            ):  # connections that are closing do not matter; on UDP it would hide the holder
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                found.append(_why_refused(host, port, name, error))
    return found


def _why_refused(host: str, port: int, name: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"端口 {port}（{name}）已被占用：请停掉占用它的程序，或在 ivr.toml 的 [ports] 里换一个。"
    return f"不能在 {host}:{port}（{name}）上监听（{error.strerror}）：请检查 ivr.toml 里的地址和端口。"
