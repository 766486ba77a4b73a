"""Files and folders that the configuration names are looked at before anybody needs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.config.conftest import Project
from wixproxy.errors import quoted

CA_OPTIONS = ["upstream.ca_file", "site.ca_file"]


def _authority() -> str:
    """Return a certificate that signed itself, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "company authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


@pytest.mark.parametrize("name", CA_OPTIONS)
def test_a_file_of_authorities_is_accepted(project: Project, name: str) -> None:
    project.write("company.pem", _authority())
    assert project.problems({name: "company.pem"}) == []


@pytest.mark.parametrize("name", CA_OPTIONS)
@pytest.mark.parametrize("text", ["", "no certificate"])
def test_a_file_without_certificates_is_a_problem(project: Project, name: str, text: str) -> None:
    path = project.write("company.pem", text)
    (line,) = project.problems({name: "company.pem"})
    assert line == (
        f"{name} (from flag {name}): expected certificates in PEM, "
        f"found none in {quoted(str(path))}."
    )


@pytest.mark.parametrize("name", CA_OPTIONS)
def test_a_file_of_authorities_that_is_missing_is_a_problem(project: Project, name: str) -> None:
    (line,) = project.problems({name: "absent.pem"})
    path = quoted(str(project.folder / "absent.pem"))
    assert line == (
        f"{name} (from flag {name}): the file {path} cannot be read: No such file or directory."
    )


def test_a_file_in_the_place_of_a_folder_is_a_problem(project: Project) -> None:
    path = project.write("index.html", "<!doctype html>")
    (line,) = project.problems({"upstream.root": "index.html"})
    assert line == (
        "upstream.root (from flag --root): expected a folder of built files, "
        f"found a file at {quoted(str(path))}. Build the frontend first."
    )


def test_data_that_is_missing_is_a_problem(project: Project) -> None:
    (line,) = project.problems({"emulator.enabled": True, "emulator.data": "shop.toml"})
    path = quoted(str(project.folder / "shop.toml"))
    assert line == f"emulator.data (from flag --data): expected a file, found none at {path}."
