"""Real sockets: which ports are taken."""

from __future__ import annotations

import asyncio
import socket

from ivr.network_ports import busy_ports, busy_udp_ports


async def test_a_busy_port_is_named(unused_tcp_port: int) -> None:
    assert busy_ports("127.0.0.1", {"ami": unused_tcp_port}) == []
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", unused_tcp_port)
    async with server:
        assert str(unused_tcp_port) in busy_ports("127.0.0.1", {"ami": unused_tcp_port})[0]


def test_a_busy_udp_port_is_named() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert f"{port}（sip）已被占用" in busy_udp_ports("127.0.0.1", {"sip": port})[0]
        assert f"{port}（sip）已被占用" in busy_udp_ports("0.0.0.0", {"sip": port})[0]  # noqa: S104
    assert busy_udp_ports("127.0.0.1", {"sip": port}) == []


def test_an_address_of_another_machine_is_named() -> None:
    assert "不能在 203.0.113.1:5060" in busy_udp_ports("203.0.113.1", {"sip": 5060})[0]
