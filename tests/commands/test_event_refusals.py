"""What `wixproxy event send` and `call` say when they cannot do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.commands.handlers import handlers_running
from tests.commands.terminal import free_port

ORDER = "wix.ecom.v1.order_approved"


@pytest.fixture
def configured(tmp_path: Path) -> None:
    (tmp_path / "wixproxy.toml").write_text(
        f"""
        [server]
        port = {free_port()}
        [[site.extensions.webhooks]]
        id = "orders"
        path = "/hooks/orders"
        [[site.extensions.service_plugins]]
        id = "shipping"
        path = "/plugins/shipping"
        """
    )


@pytest.mark.parametrize(
    ("words", "table"),
    [
        (("send", ORDER), "[[site.extensions.webhooks]]"),
        (("call", "shipping", "/v1/getRates"), "[[site.extensions.service_plugins]]"),
    ],
    ids=["send", "call"],
)
def test_without_an_extension_the_lines_to_write_are_shown(
    run: Run, words: tuple[str, ...], table: str
) -> None:
    result = run("event", *words)
    assert result.exit_code == 1
    assert table in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(
            ("send", ORDER, "--data", '{"id": }'),
            "--data: expected JSON in the argument, found a fault in line 1, column 8",
            id="broken JSON",
        ),
        pytest.param(
            ("send", ORDER, "--data", "[1]"),
            "--data: expected a JSON object in the argument",
            id="a list",
        ),
        pytest.param(
            ("send", ORDER, "--data", "missing.json"),
            "--data: expected a file or a JSON object, found 'missing.json': No such file",
            id="no file",
        ),
        pytest.param(
            ("send", ORDER, "--data", "latin.json"),
            "--data: expected text in UTF-8 in 'latin.json'",
            id="another encoding",
        ),
        pytest.param(
            ("send", ORDER, "--data", '{"a":' * 5_000 + "1" + "}" * 5_000),
            "--data: the JSON in the argument is nested too deeply",
            id="too deep",
        ),
        pytest.param(
            ("send", ORDER, "--webhook", "members"),
            "There is no webhook 'members'; configured: orders.",
            id="another webhook",
        ),
        pytest.param(
            ("send", "order_approved"),
            f'Expected a whole type of event; did you mean "{ORDER}"?',
            id="half a type",
        ),
        pytest.param(
            ("send", "AppInstalled", "--id", "one"),
            "--id: AppInstalled is an event of the old kind, which has no id",
            id="an id for the old kind",
        ),
        pytest.param(
            ("send", ORDER, "--id", "two\nlines"),
            "The proxy would not understand this event: expected id to be a short printable",
            id="an id of two lines",
        ),
        pytest.param(
            ("call", "fees", "/v1/getRates"),
            "There is no service plugin 'fees'; configured: shipping.",
            id="another plugin",
        ),
        pytest.param(
            ("call", "shipping", "/v1/unheard-of"),
            "Nothing is known of the method '/v1/unheard-of'. Say with --type",
            id="an unknown method",
        ),
        pytest.param(
            ("send", ORDER),
            "does not answer. Start it first: wixproxy serve --emulator --upstream URL",
            id="no proxy",
        ),
        pytest.param(
            ("call", "shipping", "/v1/getRates"),
            "does not answer. Start it first: wixproxy serve --emulator --upstream URL",
            id="no proxy to call",
        ),
    ],
)
def test_what_cannot_be_sent_is_told_with_what_to_do(
    run: Run, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "latin.json").write_bytes('{"name": "Zoë"}'.encode("latin-1"))
    result = run("event", *words)
    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("status", [200, 404])
def test_another_program_on_the_port_is_not_taken_for_the_proxy(run: Run, status: int) -> None:
    with handlers_running() as other:
        other.answers["/_wix/extensions/webhooks/orders"] = (status, None)
        port = other.origin.rpartition(":")[2]
        result = run("event", "send", ORDER, "--port", port)
    assert result.exit_code == 1
    assert f"Expected an answer of wixproxy, found {status} without JSON." in result.stderr


@pytest.mark.usefixtures("configured")
def test_wrong_data_of_the_emulated_site_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text("[[members]]\nemail = 1\n")
    result = run("event", "send", ORDER, WIXPROXY__EMULATOR__DATA="site.toml")
    assert result.exit_code == 2
    assert result.stderr.startswith("emulator.data: ")
