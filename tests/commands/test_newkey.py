"""`wixproxy newkey`."""

from __future__ import annotations

from tests.commands.conftest import Run
from tests.commands.terminal import Terminal
from wixproxy.sansio.keyring import Key


def test_the_key_stands_alone_on_stdout(run: Run) -> None:
    made = run("newkey")
    assert made.exit_code == 0
    assert Key.from_text(made.stdout).to_text().reveal() == made.stdout.removesuffix("\n")


def test_the_advice_goes_beside_it_and_does_not_repeat_it(run: Run) -> None:
    made = run("newkey")
    assert "WIXPROXY__SESSION__KEYS" in made.stderr
    assert made.stdout.strip() not in made.stderr


def test_no_two_keys_are_the_same(run: Run) -> None:
    assert run("newkey").stdout != run("newkey").stdout


def test_the_advice_works_in_the_environment(run: Run) -> None:
    key = run("newkey").stdout.strip()
    shown = run("check", "--emulator", WIXPROXY__SESSION__KEYS=key)
    assert shown.exit_code == 0
    assert "session.keys" in shown.stdout
    assert key not in shown.output


def test_the_advice_works_with_a_file(terminal: Terminal) -> None:
    file = terminal.folder / "wixproxy-key"
    file.write_text(terminal.run("newkey").stdout)
    file.chmod(0o600)
    (terminal.folder / "wixproxy.toml").write_text(f'[session]\nkeys = [{{ file = "{file}" }}]\n')
    done = terminal.run("check", "--emulator")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_secret_for_the_backend_stands_alone_on_stdout(run: Run) -> None:
    made = run("newkey", "--backend")
    (secret,) = made.stdout.splitlines()
    assert (made.exit_code, len(secret)) == (0, 43)
    assert "X-Wixproxy-Backend" in made.stderr
    assert secret not in made.stderr
    assert run("newkey", "--backend").stdout != made.stdout


def test_a_secret_for_the_backend_is_taken_and_never_shown(run: Run) -> None:
    secret = run("newkey", "--backend").stdout.strip()
    variables = {
        "WIXPROXY__BACKEND__LISTEN": "127.0.0.1:4322",
        "WIXPROXY__BACKEND__SECRET": secret,
    }
    shown = run("check", "--emulator", **variables)
    assert shown.exit_code == 0
    assert "backend.secret = (secret)" in shown.stdout
    assert secret not in shown.output
