"""What each option accepts, and the exact sentence for what it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.config.conftest import Project
from wixproxy.config import values
from wixproxy.config.sources import FLAGS

OPEN = "http://shop.example"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        pytest.param("mode", "prod", 'expected "dev" or "production", found \'prod\'.', id="mode"),
        pytest.param("server.port", "4321", "expected a whole number, found '4321'.", id="text"),
        pytest.param("server.port", True, "expected a whole number, found true.", id="boolean"),
        pytest.param("server.port", 1.5, "expected a whole number, found 1.5.", id="fraction"),
        pytest.param("server.port", 0, "expected at least 1, found 0.", id="too small"),
        pytest.param("server.port", 70_000, "expected at most 65535, found 70000.", id="too large"),
        pytest.param(
            "server.keepalive_seconds", 0, "expected more than 0, found 0.", id="no time at all"
        ),
        pytest.param(
            "server.keepalive_seconds",
            float("inf"),
            "expected a finite number, found inf.",
            id="endless",
        ),
        pytest.param("server.host", 5, "expected a text, found 5.", id="number for a text"),
        pytest.param(
            "server.trust_every_proxy", "yes", "expected true or false, found 'yes'.", id="yes"
        ),
        pytest.param(
            "server.public_url", [], "expected at least one entry, found an empty list.", id="none"
        ),
        pytest.param(
            "server.public_url", OPEN, f"expected a list, found '{OPEN}'.", id="text for a list"
        ),
        pytest.param(
            "server.host",
            "127.0.0.1:80",
            "expected an address such as 127.0.0.1, 0.0.0.0 or ::1, found '127.0.0.1:80'.",
            id="host with a port",
        ),
        pytest.param(
            "server.host",
            "http://0.0.0.0",
            "expected an address such as 127.0.0.1, 0.0.0.0 or ::1, found 'http://0.0.0.0'.",
            id="URL for a host",
        ),
        pytest.param(
            "upstream.url",
            "unix:app.sock",
            "expected a full path behind unix:, as unix:/run/app.sock, found 'app.sock'.",
            id="socket without its folder",
        ),
        pytest.param(
            "upstream.url",
            f"unix:/{'x' * 103}",
            "expected at most 103 bytes behind unix:, found 104.",
            id="socket whose path is too long",
        ),
        pytest.param(
            "site.api_origin",
            "unix:/run/wix.sock",
            "expected an address such as http://localhost:5173 (http or https, a host, a port and "
            "no more), found 'unix:/run/wix.sock'.",
            id="socket for Wix",
        ),
        pytest.param(
            "site.client_id",
            "not-a-guid",
            "expected a GUID such as 12345678-90ab-cdef-1234-567890abcdef, "
            "found 10 characters of another form.",
            id="GUID",
        ),
        pytest.param(
            "emulator.seed",
            "",
            "expected a text that is not empty, found an empty text.",
            id="empty",
        ),
        pytest.param(
            "site.login.callback_path",
            "/_wix/login",
            "expected /_wix/callback or a path outside /_wix, found '/_wix/login', "
            "which belongs to another route.",
            id="path of another route",
        ),
        pytest.param(
            "site.login.callback_path",
            "/a/../b",
            "expected a path such as /_wix/callback or /api/auth/callback, in plain letters, "
            "found '/a/../b'.",
            id="path with dots",
        ),
        pytest.param(
            "session.absolute_seconds",
            401 * 86_400,
            "expected at most 34560000, found 34646400.",
            id="longer than browsers keep a cookie",
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(
    project: Project, name: str, value: object, sentence: str
) -> None:
    lines = project.problems({name: value})
    assert lines == [f"{name} (from flag {FLAGS.get(name, name)}): {sentence}"]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        pytest.param(
            "server.public_url",
            OPEN,
            "expected https, or http on localhost, 127.0.0.1 or [::1], "
            f"found '{OPEN}'. Put TLS in front and write https://shop.example.",
            id="plain http",
        ),
        pytest.param(
            "api.allow",
            "/stores",
            'expected "METHOD /path", such as "GET /stores/v3/products/{id}", found \'/stores\'.',
            id="rule without a method",
        ),
        pytest.param(
            "api.allowed_origins",
            "*",
            "expected an origin such as https://app.example, found '*', which would let every "
            "site act as your visitors. Name the origins.",
            id="every origin",
        ),
        pytest.param(
            "server.accept_hosts", "a b", "expected a host, or host:port, found 'a b'.", id="host"
        ),
        pytest.param(
            "server.trusted_proxies",
            "10.0.0.1/8",
            "expected an address or range such as 10.0.0.0/8, found '10.0.0.1/8'.",
            id="range that is none",
        ),
    ],
)
def test_a_wrong_entry_of_a_list_is_told_with_its_place(
    project: Project, name: str, value: str, sentence: str
) -> None:
    good = {
        "server.public_url": "https://a.example",
        "api.allow": "GET /a",
        "api.allowed_origins": "https://a.example",
        "server.accept_hosts": "a.example",
        "server.trusted_proxies": "10.0.0.1",
    }[name]
    lines = project.problems({"mode": "dev", name: [good, value]})
    assert lines == [f"{name}[1] (from flag {FLAGS.get(name, name)}): {sentence}"]


@pytest.mark.parametrize(
    "name",
    [
        "server.public_url",
        "site.api_origin",
        "upstream.url",
        "upstream.host_header",
        "emulator.public_url",
        "api.allowed_origins",
        "server.accept_hosts",
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("https://ada:s3cret@shop.example", id="in a URL"),
        pytest.param("redis://:s3cret@shop.example/1", id="in another scheme"),
        pytest.param("ada:s3cret@shop.example", id="without a scheme"),
        pytest.param("https:/ada:s3cret@shop.example", id="with a slash too few"),
    ],
)
def test_a_password_in_a_url_is_refused_and_not_repeated(
    project: Project, name: str, text: str
) -> None:
    is_list = name in {"server.public_url", "api.allowed_origins", "server.accept_hosts"}
    lines = project.problems({name: [text] if is_list else text})
    assert len(lines) == 1
    assert "found a user name or password" in lines[0]
    assert "s3cret" not in lines[0]


def test_urls_are_kept_as_browsers_write_them(project: Project) -> None:
    flags = {"server.public_url": ["HTTPS://Shop.Example:443/"], "session.keys": None}
    config = project.load({**flags, "mode": "dev", "upstream.url": "http://LOCALHOST:80/"})
    assert config.server.public_url == ("https://shop.example",)
    assert config.upstream.url == "http://localhost"


def test_a_unix_socket_is_kept_as_it_is_written(project: Project) -> None:
    config = project.load({"mode": "dev", "upstream.url": "unix:/run/My app.sock"})
    assert config.upstream.url == "unix:/run/My app.sock"


@given(text=st.text(max_size=40))
@example("@")
@example("http://[::1")
@example("//a@b")
@settings(suppress_health_check=[HealthCheck.differing_executors], deadline=None)
@pytest.mark.parametrize(
    "read",
    [
        values.guid,
        values.public_url,
        values.origin,
        values.browser_origin,
        values.authority,
        values.host,
        values.call_rule,
        values.callback_path,
    ],
)
def test_a_value_is_accepted_in_one_form_or_refused_with_a_sentence(
    read: Callable[[str], str], text: str
) -> None:
    try:
        form = read(text)
    except ValueError as refusal:
        form, sentence = None, str(refusal)
    assert sentence if form is None else read(form) == form
