"""The operator's key goes to the endpoint it is configured for, whatever is typed, and what is told of other machines."""

from __future__ import annotations

import _socket
import json
import socket
from ipaddress import ip_address
from pathlib import Path

import httpx2
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.cli import main
from engine.errors import CallerMistake, EngineError, Unreachable
from engine.models.address import ADDRESS, check_address, origin
from engine.models.endpoint import open_endpoint
from engine.models.registry import find
from tests.raw_server import RawServer, serving, whole

KEY = "sk-the-operators-own"
LIST = json.dumps({"object": "list", "data": [{"id": "m"}]}).encode()


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)


def opened(address: str, server: RawServer) -> str | None:
    """The Authorization header that an opening of this address sent."""
    open_endpoint(find(address))
    assert KEY.encode() not in server.heads[-1] or "authorization" in server.headers()
    return server.headers().get("authorization")


def test_a_typed_address_is_asked_without_the_key() -> None:
    with serving(lambda asked: [whole(LIST)]) as server:
        assert opened(f"openai:m@{server.url}", server) is None


def test_openais_key_goes_to_the_configured_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda asked: [whole(LIST)]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/")
        assert opened(f"openai:m@{server.url}", server) == f"Bearer {KEY}"
        assert opened(f"openai:m@HTTP://127.0.0.1:{server.port}/elsewhere/v1", server) == f"Bearer {KEY}"


def test_by_another_port_or_name_it_is_another_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda asked: [whole(LIST)]) as server, serving(lambda asked: [whole(LIST)]) as other:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert opened(f"openai:m@{other.url}", other) is None
        assert opened(f"openai:m@http://localhost:{server.port}/v1", server) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://api.openai.com/v1", "https://API.OpenAI.com:443/other", "HTTPS://api.openai.com",
    ],
)  # fmt: skip
def test_without_a_base_url_the_key_is_openais(address: str) -> None:
    assert find(f"openai:m@{address}").key_variable == "OPENAI_API_KEY"


@pytest.mark.parametrize(
    "address",
    [
        "http://api.openai.com/v1", "http://api.openai.com:443/v1", "https://api.openai.com:8443/v1",
        "https://api.openai.com./v1", "https://api.openai.com.evil.example/v1", "https://evil.example/api.openai.com/v1",
        "https://xapi.openai.com/v1", "https://api-openai.com/v1", "https://api.openai.com..evil.example/v1",
        "https://evil.example/https://api.openai.com/v1", "https://[::1]/v1", "https://xn--pi-7ka.openai.com/v1",
    ],
)  # fmt: skip
def test_what_only_looks_like_openais_address_has_no_key(address: str) -> None:
    card = find(f"openai:m@{address}")
    assert card.key_variable == "" and not card.trusted


@pytest.mark.parametrize(
    "address",
    [
        "https://api.openai.com@evil.example/v1", "https://api.openai.com:x@evil.example/v1",
        "https://evil.example#@api.openai.com/v1", "https://evil.example?@api.openai.com/v1",
        "https://evil.example\\@api.openai.com/v1", "https://api.openai.com\\.evil.example/v1",
        "https://аpi.openai.com/v1", "https://api。openai.com/v1", "https://api.openai.com%2eevil.example/v1",
        "https://api.openai.com\t.evil.example/v1", "https://api.openai.com\r\nHost: evil.example/v1",
        "https:///api.openai.com/v1", "https:api.openai.com/v1", "https://api.openai.com:/v1",
        "https://api.openai.com:99999/v1", "https://api.openai.com:0/v1", "https://api.openai.com:443443/v1",
        "http://[bad", "http://[::1", "http://[]/v1", "http://]/v1", "http://", "https://ａpi.openai.com/v1",
        "http://h/v1\x00", "http://h/\u202ev1", "http://h/" + "a" * 100_000, "http://" + "h" * 300 + "/v1",
    ],
)  # fmt: skip
def test_an_address_that_two_readers_might_read_differently_is_a_sentence(address: str) -> None:
    assert origin(address) is None
    with pytest.raises(CallerMistake) as caught:
        find(f"openai:m@{address}")
    assert len(str(caught.value)) < 400 and str(caught.value).isprintable()
    with pytest.raises(CallerMistake):
        check_address(address, "OPENAI_BASE_URL")


@given(st.from_regex(ADDRESS, fullmatch=True))
@settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_who_connects_reads_the_host_that_was_compared(url: str) -> None:
    assume((ours := origin(url)) is not None)
    theirs = httpx2.URL(url)
    assert ours is not None
    assert (theirs.scheme, theirs.port or {"http": 80, "https": 443}[ours[0]]) == (ours[0], ours[2])
    assert theirs.host.lower() == ours[1] or ip_address(theirs.host) == ip_address(ours[1])


@pytest.mark.parametrize("url", ["https://[::1]/v1", "https://[0:0:0:0:0:0:0:1]:443", "HTTPS://[::0001]:0443/v1"])
def test_one_host_has_one_origin_however_it_is_written(url: str) -> None:
    assert origin(url) == ("https", "::1", 443)


@pytest.mark.parametrize(
    "url", ["http://[00]", "http://[:]/", "http://[1::2::3]", "http://1.2.3.4.5/", "http://h..x/v1"]
)
def test_a_host_that_cannot_be_one_is_no_traceback(url: str) -> None:
    with pytest.raises(EngineError):
        open_endpoint(find(f"openai:m@{url}"))


def test_an_endpoint_may_have_an_ipv6_address(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        listening = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with serving(lambda asked: [whole(LIST)], listening) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://[0:0::1]:{server.port}/v1")
        assert opened(f"openai:m@http://[::1]:{server.port}/v1", server) == f"Bearer {KEY}"


@pytest.mark.parametrize("model", ["", " ", "m\n", "m\x00", "m" * 201, "\x1b[31m"])
def test_a_models_name_is_one_short_line(model: str) -> None:
    with pytest.raises(CallerMistake, match="is not of the form"):
        find(f"openai:{model}@http://127.0.0.1/v1")


def test_an_address_splits_at_the_first_url_and_the_rest_is_no_host() -> None:
    with pytest.raises(CallerMistake, match="Keep keys out"):
        find("openai:m@http://evil.example/@https://api.openai.com/v1")


def test_a_base_url_that_is_none_has_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "not an address")
    assert find("openai:m@https://api.openai.com/v1").key_variable == ""


def test_who_wants_a_key_is_told_how_to_give_one() -> None:
    body = b'{"error": {"message": "who are you?"}}'
    refusal = b"HTTP/1.1 401 No\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with serving(lambda asked: [refusal]) as server:
        with pytest.raises(Unreachable, match=r"OPENAI_API_KEY goes to OPENAI_BASE_URL alone.*endpoints\.toml"):
            open_endpoint(find(f"openai:m@{server.url}"))
        assert all(KEY.encode() not in head for head in server.heads)


# ---- configured by name


def configure(home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "endpoints.toml").write_text(text, encoding="utf-8")


def test_a_configured_endpoint_has_its_own_key_and_no_other(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda asked: [whole(LIST)]) as server:
        monkeypatch.setenv("QWEN_KEY", "sk-qwen")
        configure(
            own_home,
            f'[qwen]\nurl="{server.url}"\nmodel="m"\nkey_env="QWEN_KEY"\n[plain]\nurl="{server.url}"\nmodel="m"',
        )
        assert opened("endpoint:qwen", server) == "Bearer sk-qwen"
        assert opened("endpoint:plain", server) is None
        assert opened(f"openai:m@{server.url}", server) is None  # typed, although it is configured as well


def test_a_key_that_is_not_set_is_missed_before_anything_is_asked(own_home: Path) -> None:
    with serving(lambda asked: [whole(LIST)]) as server:
        configure(own_home, f'[qwen]\nurl="{server.url}"\nmodel="m"\nkey_env="QWEN_KEY"')
        with pytest.raises(CallerMistake, match="endpoint:qwen is asked with the key in QWEN_KEY, which is not set"):
            open_endpoint(find("endpoint:qwen"))
        assert server.heads == []


# ---- what is told of machines that are none of one's business


def told(address: str) -> str:
    with pytest.raises(EngineError) as caught:
        open_endpoint(find(f"openai:m@{address}"))
    return str(caught.value).replace(address, "ADDRESS")


def test_open_ports_closed_ones_missing_hosts_and_private_ones_sound_alike(no_network: list[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with (
            serving(lambda asked: [b"SSH-2.0-OpenSSH_9.6\r\n"]) as other,
            serving(lambda asked: [whole(b"<html>It works!</html>")]) as page,
            serving(lambda asked: [b"HTTP/1.1 403 No\r\nContent-Length: 6\r\n\r\nsecret"]) as guarded,
            serving(lambda asked: [b""]) as silent,
        ):
            places = [closed, other.url, page.url, guarded.url, silent.url, page.url.replace("http", "https")]
            places += ["http://nowhere.invalid/v1", "http://a..b/v1"]
            assert len({told(place) for place in places}) == 1
            assert "secret" not in told(guarded.url)


def test_a_private_address_is_not_even_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda asked: [whole(LIST)]) as server:
        monkeypatch.setenv("NOISEFLOOR_PUBLIC", "1")
        assert told(server.url) == told("http://nowhere.invalid/v1")
        assert server.tries == 0
        monkeypatch.setenv("NOISEFLOOR_ENDPOINT_HOSTS", "127.0.0.1")
        assert opened(f"openai:m@{server.url}", server) is None


def test_a_name_that_changes_what_it_stands_for_does_not_get_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public when it is looked at, this machine a moment later. It is looked up once a connection."""
    answers = iter(["8.8.8.8"])
    connected: list[str] = []
    monkeypatch.setenv("NOISEFLOOR_PUBLIC", "1")
    monkeypatch.setattr(
        "engine.models.reach.socket.getaddrinfo",
        lambda host, port, **options: _socket.getaddrinfo(next(answers, "127.0.0.1"), port, 0, socket.SOCK_STREAM),
    )

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("engine.models.transport.socket.create_connection", connect)
    told("http://rebinding.example/v1")
    assert connected == ["8.8.8.8"]


# ---- the command line


def test_a_battle_from_the_command_line_sends_the_key_nowhere_else(
    capsys: pytest.CaptureFixture[str], toy: object
) -> None:
    with serving(lambda asked: [whole(LIST)]) as server:
        main(
            [
                "battle",
                "--a",
                f"openai:m@{server.url}",
                "--b",
                f"openai:n@{server.url}",
                "--task",
                "toy",
                "--limit",
                "2",
            ]
        )
        assert server.heads
        assert all(KEY.encode() not in head for head in server.heads)
    assert KEY not in "".join(capsys.readouterr())
