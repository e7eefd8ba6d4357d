"""Secrets in texts, as AWS, botocore and HTTP clients are known to quote them."""

from __future__ import annotations

import pytest

from datamover_common.redaction import is_secret_name, scrub


@pytest.mark.parametrize(
    "text",
    [
        "The security token for AKIAIOSFODNN7SECRET9 is expired",
        "key ASIAIOSFODNN7SECRET9",
        "Value 'SECRET9' at 'onPremConfig.password' failed to satisfy constraint",
        "Value 'two\nlines SECRET9' at 'secretKey' failed to satisfy constraint",
        "Value 'SECRET9' at 'sasConfiguration.token' failed",
        "Value 'SECRET9' at 'onPremConfig.kerberosKeytab' failed",
        "Value 'SECRET9' at 'serverConfiguration.accessKey' failed",
        "Value 'İ SECRET9' at 'password' failed",
        "Value 'X' at 'mode' failed; Value 'SECRET9' at 'password' failed",
        "Value 'it' at 'rest, SECRET9' at 'password' failed",
        "Invalid type for parameter kerberosKeytab, value: SECRET9, type: <class 'int'>",
        "Invalid type for parameter Password, value: SECRET9, type: <class 'int'>",
        "canonical: x-amz-security-token:FwoGZXIvYXdzESECRET9==\nhost:x",
        "{'X-Amz-Security-Token': b'SECRET9'}",
        "SignedHeaders=host, Signature=5ec4e70123456789abcdef",
        "Authorization: Bearer eyJhbGciOiSECRET9",
        "aws_secret_access_key=SECRET9 rest",
        "secretAccessKey: SECRET9",
        "PASSWORD=SECRET9",
        '{"SessionToken": "SECRET9"}',
        "proxy http://user:SECRET9@proxy:3128/ refused",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    shown = scrub(text)
    assert "SECRET9" not in shown
    assert "5ec4e7" not in shown
    assert "[redacted]" in shown


@pytest.mark.parametrize(
    "text",
    [
        "Unable to assume role. Reason: Access denied when calling sts:AssumeRole; roleName=r, roleArn=r",
        "Value 'X' at 'options.verifyMode' failed to satisfy constraint: Member must satisfy enum value set: [NONE]",
        "arn:aws:datasync:eu-central-1:123456789012:task/task-0123456789abcdef0",
        "http://127.0.0.1:5000/path",
        "",
    ],
)
def test_everything_else_stays_as_it_was(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Value '" * 200_000 + "password",
        "Value 'x' at '" + "password" * 200_000,
        "Value 'x" + "' at 'password" * 100_000,
        "parameter " + "password" * 200_000,
        "parameter password" * 100_000,
        "a." * 500_000 + "://password",
        "password: " + " " * 500_000,
    ],
    ids=range(7),
)
def test_a_long_text_is_read_once(text: str) -> None:
    """One that was read again and again would take hours."""
    assert scrub(text)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("password", True),
        ("aws_secret_access_key", True),
        ("secretAccessKey", True),
        ("X-Amz-Security-Token", True),
        ("namespace", False),
        ("credentialsSecretRef", False),
        ("nonce", False),
    ],
)
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret
