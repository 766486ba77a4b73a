"""Derive the one Wix project that a seed stands for: its ids, secret and key pair.

Law: the same seed gives the same project in every process, so a proxy can be
configured once and an emulator restarted at will. For the same reason none of
it protects anything.

Source: Wix: the client id, the app id and the OAuth app id are one GUID;
webhooks and service plugins are signed with RS256.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from .randomness import constant_guid, derived

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

DEFAULT_SEED = "wixproxy"
_PUBLIC_EXPONENT = 65_537
_PRIME_BITS = 1024
_WITNESSES = (2, 3, 5, 7, 11, 13, 17, 19)


@dataclass(frozen=True)
class Project:
    """The constants of one seed."""

    seed: str
    client_id: str
    client_secret: str = field(repr=False)
    api_key: str = field(repr=False)
    instance_id: str
    site_id: str
    account_id: str

    @classmethod
    def of_seed(cls, seed: str) -> Project:
        """Derive the project of `seed`."""
        return cls(
            seed=seed,
            client_id=constant_guid(seed, "client id"),
            client_secret=constant_guid(seed, "client secret"),
            api_key=f"IST.{derived(seed, 'api key', 0, 48).hex()}",
            instance_id=constant_guid(seed, "instance id"),
            site_id=constant_guid(seed, "site id"),
            account_id=constant_guid(seed, "account id"),
        )

    @cached_property
    def private_key(self) -> rsa.RSAPrivateKey:
        """The RSA key that signs webhooks; half a second to find, so found once, when asked."""
        # Only what Wix signs needs it.
        from cryptography.hazmat.primitives.asymmetric import rsa

        p, q = _prime(self.seed, "p"), _prime(self.seed, "q")
        d = pow(_PUBLIC_EXPONENT, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(_PUBLIC_EXPONENT, p * q)
        numbers = rsa.RSAPrivateNumbers(
            p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public
        )
        return numbers.private_key()

    @cached_property
    def public_key_pem(self) -> str:
        """The public key as PEM text, as the app dashboard shows it."""
        return public_pem(self.private_key)

    @property
    def public_key_base64(self) -> str:
        """The same key as base64 of its PEM text, as it stands in environment variables."""
        return base64.b64encode(self.public_key_pem.encode()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """Return the public half of a key as PEM text."""
    from cryptography.hazmat.primitives import serialization

    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@cache
def _prime(seed: str, name: str) -> int:
    """Return the first fit prime at or above the number that `seed` gives for `name`."""
    start = int.from_bytes(derived(seed, f"rsa {name}", 0, _PRIME_BITS // 8))
    # The two top bits make the product exactly 2048 bits long.
    candidate = start | (0b11 << (_PRIME_BITS - 2)) | 1
    while not _is_fit(candidate):
        candidate += 2
    return candidate


@cache
def _small_primes() -> list[int]:
    return [n for n in range(3, 5000, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2))]


def _is_fit(candidate: int) -> bool:
    """Tell whether `candidate` is, to the depth an emulator needs, a prime fit for RSA."""
    if any(candidate % small == 0 for small in _small_primes()):
        return False
    if (candidate - 1) % _PUBLIC_EXPONENT == 0:
        return False
    odd, twos = candidate - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_is_witnessed(candidate, witness, odd, twos) for witness in _WITNESSES)


def _is_witnessed(candidate: int, witness: int, odd: int, twos: int) -> bool:
    """Tell whether one Miller-Rabin round finds nothing against `candidate`."""
    power = pow(witness, odd, candidate)
    if power in (1, candidate - 1):
        return True
    for _ in range(twos - 1):
        power = pow(power, 2, candidate)
        if power == candidate - 1:
            return True
    return False
