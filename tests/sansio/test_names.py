"""What is remembered about names, and what strangers cannot make of it."""

from __future__ import annotations

from wixproxy.sansio.names import MAX_REMEMBERED_BYTES, MAX_SPELLINGS, Remembered


def test_a_name_is_decided_about_once() -> None:
    asked: list[bytes] = []

    def decide(name: bytes) -> int:
        asked.append(name)
        return len(name)

    sizes = Remembered(decide)
    assert [sizes[b"Host"], sizes[b"Host"], sizes[b"host"]] == [4, 4, 4]
    assert asked == [b"Host", b"host"]


def test_what_was_decided_is_right_however_many_names_come() -> None:
    lengths = Remembered(len)
    names = [b"x" * (number % 200) + str(number).encode() for number in range(3 * MAX_SPELLINGS)]
    for name in [*names, *reversed(names)]:
        assert lengths[name] == len(name)
        assert len(lengths) <= MAX_SPELLINGS


def test_a_long_name_is_not_held_in_memory() -> None:
    lengths = Remembered(len)
    for length in (MAX_REMEMBERED_BYTES, MAX_REMEMBERED_BYTES + 1, 250_000):
        assert lengths[b"x" * length] == length
    assert list(lengths) == [b"x" * MAX_REMEMBERED_BYTES]
