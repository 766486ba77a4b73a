"""`wixproxy check --online`: what Wix says to each question, in all of the emulator's moods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from click.testing import Result

from tests.commands.conftest import Run
from tests.commands.terminal import free_port
from wixproxy.emulator import Emulator
from wixproxy.emulator.faults import Fault

HERE = "http://localhost:4321"
UPSTREAM = ("--upstream", "http://localhost:5173")
STRANGER = "12345678-90ab-cdef-1234-567890abcdef"
SECRET = "canary-of-a-client-secret"
SETTINGS = "In the Wix dashboard, Settings, Development & integrations, Headless Settings"


@dataclass(frozen=True)
class Told:
    """The lines of the answer, by what they are about."""

    exit_code: int
    lines: dict[str, tuple[str, str]]

    def verdicts(self) -> dict[str, str]:
        return {subject: verdict for subject, (verdict, _) in self.lines.items()}


Ask = Callable[..., Awaitable[Told]]


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    running = Emulator()
    await running.start(port=0)
    yield running
    await running.stop()


@pytest.fixture
def ask(run: Run, emulator: Emulator) -> Ask:
    """Run the command in a thread of its own, for the emulator answers in this one."""

    async def asking(*words: str, **variables: str) -> Told:
        given = {
            "WIX_CLIENT_ID": emulator.client_id,
            "WIXPROXY__SITE__API_ORIGIN": emulator.origin,
            **variables,
        }
        shown: Result = await asyncio.to_thread(
            run, "check", "--online", *UPSTREAM, *words, **given
        )
        secrets = [*emulator.issued, emulator.client_secret, SECRET]
        assert [text for text in secrets if text in shown.output] == []
        assert shown.exception is None or isinstance(shown.exception, SystemExit)
        _, found, answers = shown.stdout.partition(f"What Wix says, at {given[API]}:\n")
        assert found, shown.output
        lines = {}
        for line in answers.splitlines():
            subject = line[13:30].strip()
            number = sum(known.startswith(subject) for known in lines)
            lines[f"{subject} {number + 1}" if number else subject] = (
                line[:13].strip(),
                line[30:].strip(),
            )
        return Told(shown.exit_code, lines)

    return asking


API = "WIXPROXY__SITE__API_ORIGIN"


async def test_what_wix_knows_is_ok(ask: Ask, emulator: Emulator) -> None:
    told = await ask(WIX_CLIENT_SECRET=emulator.client_secret)
    assert told.exit_code == 0
    assert told.lines == {
        "client id": ("ok", "Wix issues tokens to visitors"),
        "clock": ("ok", "agrees with Wix's"),
        "secret": ("ok", "Wix issues tokens to the app"),
        "site": ("ok", "it is published"),
        "redirect URI": ("ok", f"{HERE}/_wix/callback is registered"),
        "redirect domain": ("ok", f"{HERE} is listed"),
    }


async def test_what_is_not_configured_is_not_asked(ask: Ask) -> None:
    told = await ask()
    assert told.exit_code == 0
    assert told.lines["secret"] == (
        "not asked",
        "none is configured; calls as the app need one",
    )


async def test_a_client_id_that_wix_does_not_know_is_told_with_its_source(ask: Ask) -> None:
    told = await ask(WIX_CLIENT_ID=STRANGER, WIX_CLIENT_SECRET=SECRET)
    assert told.exit_code == 2
    assert told.lines["client id"] == (
        "failed",
        (
            f"Wix does not know '{STRANGER}', from environment variable WIX_CLIENT_ID (it says "
            f"invalid_client). {SETTINGS}, copy the client id of your OAuth app, and set "
            "WIX_CLIENT_ID to it"
        ),
    )
    assert told.verdicts() == {
        "client id": "failed",
        "clock": "ok",
        "secret": "not asked",
        "site": "not asked",
        "redirect URI": "not asked",
        "redirect domain": "not asked",
    }


@pytest.mark.parametrize(
    ("seconds", "line"),
    [
        pytest.param(30, ("ok", "30 s behind Wix's"), id="harmless"),
        pytest.param(
            3600,
            (
                "failed",
                (
                    "3600 s behind Wix's, so what Wix signs seems too old, or not valid yet. Set "
                    "it by a time server (NTP)"
                ),
            ),
            id="too much",
        ),
    ],
)
async def test_a_clock_that_is_off_is_told_by_how_much(
    ask: Ask, emulator: Emulator, seconds: int, line: tuple[str, str]
) -> None:
    emulator.state.clock.advance(seconds)
    told = await ask()
    verdict, sentence = told.lines["clock"]
    # The two clocks are read one after the other, on a machine that may be busy.
    for near in range(seconds - 3, seconds + 4):
        sentence = sentence.replace(f"{near} s", f"{seconds} s")
    assert (verdict, sentence) == line
    assert told.exit_code == (2 if verdict == "failed" else 0)


@pytest.mark.parametrize(
    ("variables", "said", "compared"),
    [
        pytest.param(
            {"WIX_CLIENT_SECRET": SECRET},
            "invalid_client",
            "the secret with the configured one, from environment variable WIX_CLIENT_SECRET",
            id="secret",
        ),
        pytest.param(
            {"WIX_CLIENT_SECRET": "", "WIX_CLIENT_INSTANCE_ID": STRANGER},
            "invalid_request",
            "the secret with the configured one, from environment variable WIX_CLIENT_SECRET, and "
            "the instance id with that from environment variable WIX_CLIENT_INSTANCE_ID",
            id="instance id",
        ),
    ],
)
async def test_a_secret_that_wix_refuses_is_told_and_not_shown(
    ask: Ask, emulator: Emulator, variables: dict[str, str], said: str, compared: str
) -> None:
    secret = variables["WIX_CLIENT_SECRET"] or emulator.client_secret
    told = await ask(**{**variables, "WIX_CLIENT_SECRET": secret})
    assert told.exit_code == 2
    assert told.lines["secret"] == (
        "failed",
        f"Wix issues no token to the app (it says {said}). {SETTINGS}, compare {compared}",
    )
    assert told.verdicts()["redirect domain"] == "ok"


@pytest.mark.parametrize("seen", ["page", "refuse"])
@pytest.mark.parametrize("silent", [False, True], ids=["with a reason", "without a reason"])
async def test_a_redirect_uri_that_is_not_registered_is_told(
    ask: Ask, emulator: Emulator, seen: str, silent: bool
) -> None:
    change(
        emulator,
        redirect_uris=["http://localhost:4321/callback"],
        unlisted_redirect_uri=seen,
        empty_descriptions=silent,
    )
    told = await ask()
    assert told.exit_code == 2
    assert told.lines["redirect URI"] == (
        "failed",
        (
            f"Wix does not come back to {HERE}/_wix/callback after a login. {SETTINGS}, add it to "
            "the Allowed authorization redirect URIs, letter by letter"
        ),
    )
    assert told.verdicts()["site"] == told.verdicts()["redirect domain"] == "ok"


@pytest.mark.parametrize("silent", [False, True], ids=["with a reason", "without a reason"])
async def test_a_redirect_domain_that_is_not_listed_is_told(
    ask: Ask, emulator: Emulator, silent: bool
) -> None:
    change(emulator, redirect_domains=["https://localhost:4321"], empty_descriptions=silent)
    told = await ask()
    assert told.exit_code == 2
    assert told.lines["redirect domain"] == (
        "failed",
        (
            f"Wix sends no browser back to {HERE} after a checkout or logout. {SETTINGS}, add it "
            "to the Allowed redirect domains; scheme and port count"
        ),
    )
    assert told.verdicts()["redirect URI"] == "ok"


async def test_each_public_url_is_asked_about(ask: Ask, emulator: Emulator) -> None:
    other = "http://localhost:5000"
    emulator.allow_redirect_uri(f"{other}/_wix/callback")
    told = await ask("--public-url", HERE, "--public-url", other)
    assert told.exit_code == 2
    assert told.lines["redirect URI 2"] == ("ok", f"{other}/_wix/callback is registered")
    assert told.verdicts()["redirect domain"] == "ok"
    assert told.verdicts()["redirect domain 2"] == "failed"


async def test_a_site_that_is_not_published_is_told_before_what_follows(
    ask: Ask, emulator: Emulator
) -> None:
    change(emulator, published=False)
    told = await ask()
    assert told.exit_code == 2
    assert told.lines["site"] == (
        "failed",
        (
            "Wix has no address for it. Publish the site: Wix gives a login page to published "
            "sites only."
        ),
    )
    assert told.verdicts()["redirect URI"] == told.verdicts()["redirect domain"] == "not asked"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        pytest.param(Fault(status=500), "answered 500", id="an error"),
        pytest.param(Fault(kind="reset"), "cannot be reached", id="a reset"),
        pytest.param(Fault(kind="html", status=502), "answered 502", id="a page"),
    ],
)
async def test_a_wix_that_does_not_answer_is_told_once(
    ask: Ask, emulator: Emulator, fault: Fault, says: str
) -> None:
    emulator.state.faults.faults = [fault]
    told = await ask()
    assert told.exit_code == 2
    assert told.verdicts() == {"Wix": "failed"}
    assert says in told.lines["Wix"][1]


async def test_a_wix_that_is_nowhere_is_told_once(ask: Ask) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    told = await ask(**{API: nowhere})
    assert told.exit_code == 2
    assert told.lines.keys() == {"Wix"}
    assert nowhere in told.lines["Wix"][1]


async def test_one_question_that_finds_no_answer_spoils_no_other(
    ask: Ask, emulator: Emulator
) -> None:
    emulator.state.faults.faults = [Fault(path="/oauth2/token-info", kind="reset")]
    told = await ask()
    assert told.exit_code == 2
    assert "cannot be reached" in told.lines["clock"][1]
    failed = [subject for subject, verdict in told.verdicts().items() if verdict == "failed"]
    assert failed == ["clock"]


async def test_too_many_questions_are_no_unknown_client(ask: Ask, emulator: Emulator) -> None:
    change(emulator, rate_limit_per_minute=0)
    told = await ask()
    assert (told.exit_code, told.verdicts()) == (2, {"Wix": "failed"})


async def test_wrong_options_are_told_before_wix_is_asked(run: Run, emulator: Emulator) -> None:
    shown = await asyncio.to_thread(
        run, "check", "--online", "--port", "0", *UPSTREAM, WIX_CLIENT_ID=emulator.client_id
    )
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr.startswith("server.port (from flag --port): expected at least 1")
    assert emulator.state.exchanges.counts()["grants"] == {}


def test_the_emulator_inside_of_serve_cannot_be_asked(run: Run) -> None:
    shown = run("check", "--online", "--emulator")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr.startswith("emulator.enabled: expected Wix to be asked with --online")


def change(emulator: Emulator, **settings: object) -> None:
    emulator.state.settings = emulator.state.settings.changed(settings)
