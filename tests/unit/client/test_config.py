import pytest

from waypost.client.config import BadSettings, ClientConfig


def test_flags_win_over_the_environment_and_that_over_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYPOST_SERVER", raising=False)
    monkeypatch.delenv("WAYPOST_TIMEOUT", raising=False)
    default = ClientConfig.load(server=None, timeout=None)
    assert (default.server, default.timeout_s) == ("127.0.0.1:50051", 5.0)
    monkeypatch.setenv("WAYPOST_SERVER", "geo.example:443")
    monkeypatch.setenv("WAYPOST_TIMEOUT", "0.5")
    environment = ClientConfig.load(server=None, timeout=None)
    assert (environment.server, environment.timeout_s) == ("geo.example:443", 0.5)
    flags = ClientConfig.load(server="[::1]:50051", timeout="2")
    assert (flags.server, flags.timeout_s) == ("[::1]:50051", 2.0)


@pytest.mark.parametrize("server", ["geo", "geo:", ":50051", "geo:0", "geo:65536", "::1:50051", "http://geo:1"])
def test_an_address_that_is_none_is_refused(server: str) -> None:
    with pytest.raises(BadSettings, match="allowed: HOST:PORT"):
        ClientConfig.load(server=server, timeout=None)


@pytest.mark.parametrize("target", ["unix:/run/waypost.sock", "dns:///geo.example:443", "ipv4:10.0.0.1:50051"])
def test_targets_of_grpc_are_accepted(target: str) -> None:
    assert ClientConfig.load(server=target, timeout=None).server == target


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "inf", "soon", ""])
def test_a_deadline_that_is_none_is_refused(timeout: str) -> None:
    with pytest.raises(BadSettings, match="allowed: seconds above 0"):
        ClientConfig.load(server=None, timeout=timeout)


def test_every_bad_setting_is_named_with_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_TIMEOUT", "soon")
    with pytest.raises(BadSettings, match=r"--server is 'x'.*\nWAYPOST_TIMEOUT is 'soon'"):
        ClientConfig.load(server="x", timeout=None)
