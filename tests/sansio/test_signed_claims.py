"""Signatures, keys and times: what is taken from Wix, and the refusal of everything else."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests import wix_signing as wix
from tests.conftest import START
from wixproxy.errors import WebhookMalformed, WebhookUnverified
from wixproxy.sansio.signed_claims import LEEWAY_SECONDS, MAX_MESSAGE_BYTES, Signatures, public_key

CLAIMS = {"data": "x", "iat": int(START), "exp": int(START) + 60}
MESSAGE = wix.signed(CLAIMS)


def signatures(*names: str) -> Signatures:
    keys = [public_key(wix.pem(wix.key(name))) for name in names or ("Wix",)]
    return Signatures(keys, max_age_seconds=300)


def test_what_wix_signed_is_read() -> None:
    assert signatures().verify(MESSAGE, START).values == CLAIMS


def test_any_configured_key_may_have_signed() -> None:
    assert signatures("old", "Wix").verify(MESSAGE, START).values == CLAIMS


def test_a_line_break_behind_the_message_is_no_part_of_it() -> None:
    assert signatures().verify(MESSAGE + b"\r\n", START).values == CLAIMS


def test_the_digest_is_that_of_the_message_and_no_other() -> None:
    other = wix.signed({**CLAIMS, "data": "y"})
    first = signatures().verify(MESSAGE, START).digest
    assert signatures().verify(MESSAGE, START + 1).digest == first
    assert signatures().verify(other, START).digest != first


@pytest.mark.parametrize(
    ("message", "told"),
    [
        pytest.param(wix.signed(CLAIMS, wix.key("forger")), "found another", id="wrong key"),
        pytest.param(wix.unsigned(CLAIMS), "found 'none'", id="no signature"),
        pytest.param(wix.confused(CLAIMS), "found 'HS256'", id="public key as a secret"),
        pytest.param(wix.signed(CLAIMS, crit=["exp"]), "critical", id="critical extension"),
        pytest.param(MESSAGE[:-4] + b"AAAA", "found another", id="altered signature"),
        pytest.param(
            b".".join([MESSAGE.split(b".")[0], b"e30", MESSAGE.split(b".")[2]]),
            "found another",
            id="other claims under the same signature",
        ),
        pytest.param(wix.signed({**CLAIMS, "exp": START - 60}), "expired 60 s ago", id="expired"),
        pytest.param(
            wix.signed({"data": "x", "iat": START - 361}), "found one of 361 s ago", id="old"
        ),
        pytest.param(wix.signed({"data": "x"}), "exp or iat, found neither", id="without a time"),
        pytest.param(
            wix.signed({**CLAIMS, "iat": START + 61}), "61 s ahead", id="issued in the future"
        ),
        pytest.param(wix.signed({**CLAIMS, "nbf": START + 90}), "90 s ahead", id="not valid yet"),
    ],
)
def test_what_wix_did_not_sign_for_now_is_refused(message: bytes, told: str) -> None:
    with pytest.raises(WebhookUnverified, match=told) as refused:
        signatures().verify(message, START)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("message", "told"),
    [
        pytest.param(b"", "three parts, found 1 in 0 bytes", id="empty"),
        pytest.param(MESSAGE[: MESSAGE.rindex(b".")], "three parts, found 2", id="truncated"),
        pytest.param(MESSAGE + b".x", "found 4", id="one part too many"),
        pytest.param(b"x" * (MAX_MESSAGE_BYTES + 1), "expected at most", id="oversized"),
        pytest.param(MESSAGE + b"==", "the signature in base64url", id="padded"),
        pytest.param(MESSAGE.replace(b".", b"\n.", 1), "the header in", id="line break inside"),
        pytest.param(b"!!!!.e30.AAAA", "the header", id="header is no base64"),
        pytest.param(b"e30x.e30.AAAA", "the header", id="header is no JSON"),
        pytest.param(b"W10.e30.AAAA", "found a list", id="header is a list"),
        pytest.param(wix.signed(b"[1]"), "the claims to be an object", id="claims are a list"),
        pytest.param(wix.signed(b"{"), "the claims to be JSON", id="claims are no JSON"),
        pytest.param(wix.signed(b'{"exp":NaN}'), "claims to be JSON", id="not a number"),
        pytest.param(wix.signed(b'{"x":"\xff"}'), "claims to be JSON", id="not UTF-8"),
        pytest.param(wix.signed(b'{"x":' + b"[" * 100_000), "to be JSON", id="nested for ever"),
        pytest.param(wix.signed({**CLAIMS, "exp": "soon"}), "exp to be a time", id="time as text"),
        pytest.param(wix.signed({**CLAIMS, "exp": True}), "exp to be a time", id="time as truth"),
        pytest.param(wix.signed(b'{"exp":1e999}'), "exp to be a time", id="endless time"),
    ],
)
def test_what_is_no_signed_message_is_refused(message: bytes, told: str) -> None:
    with pytest.raises(WebhookMalformed, match=told) as refused:
        signatures().verify(message, START)
    assert refused.value.status == 400


def test_a_truncated_signature_is_refused() -> None:
    with pytest.raises((WebhookMalformed, WebhookUnverified)):
        signatures().verify(MESSAGE[:-40], START)


def test_clocks_may_differ_by_the_leeway_and_no_more() -> None:
    expires = CLAIMS["exp"] + LEEWAY_SECONDS
    assert signatures().verify(MESSAGE, expires - 1).values == CLAIMS
    with pytest.raises(WebhookUnverified):
        signatures().verify(MESSAGE, expires)


def test_without_a_key_nothing_is_verified() -> None:
    with pytest.raises(WebhookUnverified, match=r"site\.public_keys"):
        Signatures([], max_age_seconds=300).verify(MESSAGE, START)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_never_crash(message: bytes) -> None:
    with pytest.raises((WebhookMalformed, WebhookUnverified)):
        signatures().verify(message, START)


@given(st.integers(min_value=0, max_value=len(MESSAGE) * 8 - 1))
def test_a_flipped_bit_is_refused_and_the_message_never_shown(position: int) -> None:
    altered = bytearray(MESSAGE)
    altered[position // 8] ^= 1 << (position % 8)
    with pytest.raises((WebhookMalformed, WebhookUnverified)) as refused:
        signatures().verify(bytes(altered), START)
    for part in MESSAGE.split(b"."):
        assert part.decode() not in repr(refused.value)


PEM = wix.pem(wix.key())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PEM, id="PEM"),
        pytest.param(PEM.replace("\n", "\r\n"), id="PEM with other line ends"),
        pytest.param(base64.b64encode(PEM.encode()).decode(), id="base64 of the PEM"),
        pytest.param(f"  {base64.b64encode(PEM.encode()).decode()}\n", id="with space around"),
    ],
)
def test_a_key_is_read_as_the_dashboard_shows_it(text: str) -> None:
    assert public_key(text) == wix.key().public_key()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "public key", id="empty"),
        pytest.param("not a key", "found neither", id="neither PEM nor base64"),
        pytest.param(PEM.replace("\n", ""), "single line", id="PEM in one line"),
        pytest.param(base64.b64encode(b"hello").decode(), "found is none", id="base64 of nothing"),
        pytest.param(PEM.replace("MII", "AAA"), "found is none", id="damaged PEM"),
        pytest.param(wix.pem(wix.key("weak", 1024)), "2048 bits, found 1024", id="short key"),
        pytest.param(
            wix.pem(ec.generate_private_key(ec.SECP256R1())), "another kind", id="elliptic curve"
        ),
    ],
)
def test_a_text_that_is_no_key_says_what_was_expected(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        public_key(text)


def test_the_claims_are_not_shown() -> None:
    assert "secret" not in repr(
        signatures().verify(wix.signed({**CLAIMS, "data": json.dumps("secret")}), START)
    )
