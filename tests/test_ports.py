"""Who holds a port, read from /proc of this machine and from a made-up one."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from wixproxy.ports import holder, ports_of_session

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid inode"


def line(port: int, state: str, inode: int) -> str:
    address = f"0100007F:{port:04X} 00000000:0000"
    return (
        f"   0: {address} {state} 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1"
    )


def machine(folder: Path, *lines: str, process: str = "1234", inode: int = 77) -> Path:
    """Lay out the files of a machine where one program has one socket open."""
    (folder / "net").mkdir()
    (folder / "net" / "tcp").write_text("\n".join([HEAD, *lines]))
    files = folder / process / "fd"
    files.mkdir(parents=True)
    (files / "3").symlink_to(f"socket:[{inode}]")
    (folder / process / "comm").write_text("node\n")
    return folder


@pytest.mark.parametrize(
    ("family", "address"),
    [
        pytest.param(socket.AF_INET, "127.0.0.1", id="IPv4"),
        pytest.param(socket.AF_INET6, "::1", id="IPv6"),
    ],
)
def test_the_program_that_listens_on_a_port_is_named(
    family: socket.AddressFamily, address: str
) -> None:
    with socket.create_server((address, 0), family=family) as listener:
        found = holder(listener.getsockname()[1])
    name = Path("/proc/self/comm").read_text().strip()
    assert found == f"{name} (pid {os.getpid()})"


def test_nobody_is_named_for_a_free_port() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert holder(bound.getsockname()[1]) is None


def test_a_listener_is_found_among_other_sockets(tmp_path: Path) -> None:
    lines = [line(4321, "01", 75), line(4322, "0A", 76), line(4321, "0A", 77)]
    assert holder(4321, machine(tmp_path, *lines)) == "node (pid 1234)"


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param([line(4321, "01", 77)], id="connected, not listening"),
        pytest.param([line(4320, "0A", 77)], id="another port"),
        pytest.param([line(4321, "0A", 78)], id="another program's socket, which we may not see"),
        pytest.param([], id="no socket at all"),
    ],
)
def test_nobody_is_accused_wrongly(tmp_path: Path, lines: list[str]) -> None:
    assert holder(4321, machine(tmp_path, *lines)) is None


def test_nobody_is_named_where_the_system_does_not_tell(tmp_path: Path) -> None:
    assert holder(4321, tmp_path / "absent") is None


def test_a_process_that_hides_its_files_is_passed_over(tmp_path: Path) -> None:
    proc = machine(tmp_path, line(4321, "0A", 77))
    (proc / "1").mkdir()
    assert holder(4321, proc) == "node (pid 1234)"


def test_the_ports_of_a_session_are_those_of_its_processes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held = ports_of_session(os.getsid(0))
        assert held is not None
        assert listener.getsockname()[1] in held
        assert ports_of_session(2**30) == frozenset()


@pytest.mark.parametrize("session", [99, 100])
def test_a_process_belongs_to_a_session_whatever_its_name(tmp_path: Path, session: int) -> None:
    proc = machine(tmp_path, line(4321, "0A", 77), line(4321, "01", 78))
    (proc / "1234" / "stat").write_text("1234 (n) S 7 (x) S 1 50 99 0 -1 4194304 100 0 0 0")
    assert ports_of_session(session, proc) == (frozenset({4321}) if session == 99 else frozenset())


def test_nothing_is_known_of_ports_where_the_system_does_not_tell(tmp_path: Path) -> None:
    assert ports_of_session(99, tmp_path / "absent") is None


def test_a_program_may_have_any_bytes_for_a_name(tmp_path: Path) -> None:
    proc = machine(tmp_path, line(4321, "0A", 77))
    (proc / "1234" / "comm").write_bytes(b"n\xffde\n")
    assert holder(4321, proc) == "n\ufffdde (pid 1234)"
