"""The listener for the frontend's server: where it listens, and the secret it asks for."""

from __future__ import annotations

import pytest

from tests.config.conftest import Project
from wixproxy.config import read

SECRET = "canary-of-the-secret-of-the-backend"
LISTEN = "127.0.0.1:4322"


def test_there_is_no_such_listener_by_default(project: Project) -> None:
    backend = project.load().backend
    assert (backend.listen, backend.secret) == (None, None)
    assert (backend.host_and_port, backend.socket_path) == (None, None)


@pytest.mark.parametrize(
    ("text", "host_and_port", "socket_path"),
    [
        pytest.param(LISTEN, ("127.0.0.1", 4322), None, id="IPv4"),
        pytest.param("[::1]:4322", ("::1", 4322), None, id="IPv6"),
        pytest.param("LocalHost:4322", ("localhost", 4322), None, id="name"),
        pytest.param("127.0.0.1:0", ("127.0.0.1", 0), None, id="free port"),
        pytest.param("unix:/run/Wix/p.sock", None, "/run/Wix/p.sock", id="unix socket"),
    ],
)
def test_an_address_is_host_and_port_or_a_socket(
    project: Project, text: str, host_and_port: tuple[str, int] | None, socket_path: str | None
) -> None:
    backend = project.load({"backend.listen": text, "backend.secret": SECRET}).backend
    assert (backend.host_and_port, backend.socket_path) == (host_and_port, socket_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        *(
            pytest.param(
                text,
                "expected host and port such as 127.0.0.1:4322, or unix:/run/wixproxy.sock, "
                f"found '{text}'.",
                id=name,
            )
            for name, text in {
                "no port": "127.0.0.1",
                "port alone": "4322",
                "empty port": "127.0.0.1:",
                "port too large": "127.0.0.1:70000",
                "URL": "http://127.0.0.1:4322",
                "IPv6 without brackets": "::1",
                "nothing": "",
            }.items()
        ),
        pytest.param(
            "unix:wixproxy.sock",
            "expected a full path behind unix:, as unix:/run/wixproxy.sock, found 'wixproxy.sock'.",
            id="path without its folder",
        ),
        pytest.param(
            f"unix:/{'x' * 103}",
            "expected at most 103 bytes behind unix:, found 104.",
            id="path longer than systems take",
        ),
    ],
)
def test_what_nobody_can_listen_on_is_a_problem(project: Project, text: str, sentence: str) -> None:
    flags = {"backend.listen": text, "backend.secret": SECRET}
    assert project.problems(flags) == [f"backend.listen (from flag backend.listen): {sentence}"]


def test_a_password_in_an_address_is_not_repeated(project: Project) -> None:
    flags = {"backend.listen": "me:s3cret@127.0.0.1:4322", "backend.secret": SECRET}
    (line,) = project.problems(flags)
    assert "user name or password" in line
    assert "s3cret" not in line


def test_a_listener_needs_its_secret(project: Project) -> None:
    assert project.problems({"backend.listen": LISTEN}) == [
        (
            "backend.secret: expected a secret for backend.listen, found none. Run "
            '"wixproxy newkey --backend" and give it to the frontend\'s server as well.'
        )
    ]


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        pytest.param(
            "s3cret" * 5,
            'expected at least 32 characters, found 30. Run "wixproxy newkey --backend".',
            id="short",
        ),
        pytest.param(
            "s3cret s3cret " * 3,
            "expected letters, digits and signs of ASCII without spaces, found others. "
            'Run "wixproxy newkey --backend".',
            id="spaces",
        ),
        pytest.param(
            "s3crét" * 6,
            "expected letters, digits and signs of ASCII without spaces, found others. "
            'Run "wixproxy newkey --backend".',
            id="beyond ASCII",
        ),
    ],
)
def test_a_secret_that_no_header_carries_or_anyone_may_guess_is_refused(
    project: Project, secret: str, sentence: str
) -> None:
    flags = {"backend.listen": LISTEN, "backend.secret": secret}
    assert project.problems(flags) == [f"backend.secret (from flag backend.secret): {sentence}"]


@pytest.mark.parametrize("place", ["value", "env", "file"])
def test_the_secret_is_a_value_a_variable_or_a_file(project: Project, place: str) -> None:
    project.write("secret", f"{SECRET}\n")
    given = {"value": SECRET, "env": {"env": "PLACE"}, "file": {"file": "secret"}}[place]
    config = project.load({"backend.secret": given}, {"PLACE": SECRET})
    assert config.backend.secret is not None
    assert config.backend.secret.reveal() == SECRET


def test_the_secret_is_never_shown(project: Project) -> None:
    env = {"WIXPROXY__BACKEND__SECRET": SECRET, "WIXPROXY__BACKEND__LISTEN": LISTEN}
    assert SECRET not in repr(read({}, env, project.folder))
