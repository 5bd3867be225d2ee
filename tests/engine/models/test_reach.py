"""Which machines may be asked: by the number a name leads to, however either is written."""

from __future__ import annotations

import _socket
import socket
from typing import Any

import pytest

from engine.models.reach import OutOfReach, resolve


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names stand for; a number stands for itself, however the C library can read it."""
    known: dict[str, list[str]] = {}

    def lookup(host: str, port: int, **options: Any) -> Any:
        numbers = known.get(host, [host])
        return [
            each
            for number in numbers
            for each in _socket.getaddrinfo(number, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
        ]

    monkeypatch.setattr("engine.models.reach.socket.getaddrinfo", lookup)
    return known


OWN = ["127.0.0.1", "127.1", "127.9.9.9", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "0.0.0.0", "0", "[::1]",
       "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"]  # fmt: skip
PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "167772161", "0xa000001", "012.0.0.1", "169.254.169.254",
           "2852039166", "0xa9fea9fe", "100.100.100.200", "168.63.129.16", "192.0.0.192", "255.255.255.255",
           "224.0.0.1", "[fe80::1]", "[fd00:ec2::254]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[::127.0.0.1]",
           "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]"]  # fmt: skip
PUBLIC = ["8.8.8.8", "134744072", "[2001:4860:4860::8888]", "[::ffff:8.8.8.8]", "[64:ff9b::808:808]"]


@pytest.mark.parametrize("host", PRIVATE)
def test_private_and_link_local_numbers_are_out_of_reach(host: str, names: dict[str, list[str]]) -> None:
    with pytest.raises(OutOfReach):
        resolve(host, 80, trusted=False)
    assert resolve(host, 80, trusted=True)


@pytest.mark.parametrize("host", OWN)
def test_this_machine_is_reached_unless_the_server_is_open_to_others(
    host: str, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert resolve(host, 80, trusted=False)
    monkeypatch.setenv("NOISEFLOOR_PUBLIC", "1")
    with pytest.raises(OutOfReach):
        resolve(host, 80, trusted=False)
    assert resolve(host, 80, trusted=True)


@pytest.mark.parametrize("host", PUBLIC)
def test_the_internet_is_reached(host: str, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_PUBLIC", "1")
    assert resolve(host, 80, trusted=False)


def test_a_name_is_reached_only_if_all_it_stands_for_is(names: dict[str, list[str]]) -> None:
    names["good.example"] = ["8.8.8.8", "2001:4860:4860::8888"]
    names["mixed.example"] = ["8.8.8.8", "169.254.169.254"]
    assert resolve("good.example", 443, trusted=False) == ["8.8.8.8", "2001:4860:4860::8888"]
    with pytest.raises(OutOfReach):
        resolve("mixed.example", 443, trusted=False)


def test_a_name_with_many_numbers_is_tried_at_few(names: dict[str, list[str]]) -> None:
    names["many.example"] = [f"8.8.8.{n}" for n in range(1, 99)]
    assert len(resolve("many.example", 443, trusted=False)) == 4


@pytest.mark.parametrize("listed", ["gpu.lan", "other, GPU.LAN", "10.1.2.3", "10.1.0.0/16 192.168.0.0/24"])
def test_the_operator_allows_hosts_by_name_number_or_network(
    listed: str, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names["gpu.lan"] = ["10.1.2.3"]
    names["cpu.lan"] = ["10.2.2.3"]
    monkeypatch.setenv("NOISEFLOOR_ENDPOINT_HOSTS", listed)
    assert resolve("gpu.lan", 80, trusted=False) == ["10.1.2.3"]
    with pytest.raises(OutOfReach):
        resolve("cpu.lan", 80, trusted=False)
