"""Small pure pieces: clean paths, serving accounts, settings."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from datamover_api.http.server import bound
from datamover_api.legacy.admission import clean
from datamover_api.mirror.accounts import Served, served_namespaces
from datamover_crds import DataMoverAccount
from datamover_crds.contract import serving_account
from tests.api.samples import account


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [
        ("/", "/"),
        ("/v1/datasync/1/movers", "/v1/datasync/1/movers"),
        ("/v1/datasync/1/movers/", "/v1/datasync/1/movers/"),
        ("//v1/test/ping", "/v1/test/ping"),
        ("/v1//test///ping", "/v1/test/ping"),
        ("/v1/./test/ping", "/v1/test/ping"),
        ("/v1/x/../test/ping/", "/v1/test/ping/"),
        ("/../..", "/"),
        ("//", "/"),
        ("/v1/.hidden/..name", "/v1/.hidden/..name"),
        ("//evil.example.com", "/evil.example.com"),
    ],
)
def test_paths_are_cleaned_as_go_does(path: str, cleaned: str) -> None:
    assert clean(path) == cleaned


OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


@pytest.mark.parametrize(
    ("accounts", "name"),
    [
        ([], None),
        ([account(namespace=None)], None),
        ([account(accountId="999999999999")], None),
        ([account("young", created=NEW), account("old", created=OLD)], "old"),
        ([account("young", created=NEW), account("old", created=OLD, namespace=None)], "young"),
        ([account("b"), account("a")], "a"),
    ],
)
def test_the_oldest_account_object_with_a_rest_section_serves(
    accounts: list[DataMoverAccount], name: str | None
) -> None:
    found = serving_account(accounts, "111122223333")
    assert (found.metadata.name if found is not None else None) == name


def test_only_namespaces_in_force_are_served() -> None:
    accounts = [
        account("old", created=OLD, namespace="one"),
        account("young", created=NEW, namespace="two"),
        account("other", accountId="999999999999", namespace="three"),
        account("none", namespace=None),
    ]
    assert served_namespaces(accounts) == {"one", "three"}
    accounts.append(account("labels", namespace=None, labelStudio={"namespace": "four"}, created=NEW))
    accounts.append(account("syncs", syncApi={}, created=OLD))
    everything = Served(label_studio=True, sync=True).namespaces(accounts)
    assert everything == {"one": False, "three": False, "four": False, "rest": True}
    assert Served(legacy=False).namespaces(accounts) == {}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "datamover_api", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_help_tells_every_setting_and_its_variable() -> None:
    told = run("--help")
    assert told.returncode == 0
    assert "[DATAMOVER_API_KEYS_FILE]" in told.stdout
    assert "Needed where that API is served." in " ".join(told.stdout.split())
    assert "--http-port" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "line"),
    [
        (
            (),
            {},
            "DATAMOVER_API_KEYS_FILE: must be set where DATAMOVER_API_LEGACY_ENABLED is true",
        ),
        (
            ("--legacy-enabled", "false", "--sync-enabled", "true"),
            {},
            "DATAMOVER_API_SYNC_KEYS_FILE or API_KEY: must be set where DATAMOVER_API_SYNC_ENABLED is true",
        ),
        (
            ("--legacy-enabled", "false", "--sync-enabled", "true"),
            {"API_KEY": "sesame-sesame", "SYNC_INTERVAL": "soon", "MAX_RETRIES": "-1"},
            "SYNC_INTERVAL: must be a duration such as 30s, 5m or 1h; MAX_RETRIES: must be at least 0",
        ),
        (
            ("--http-port", "x"),
            {"DATAMOVER_API_KEYS_FILE": "keys"},
            "--http-port x: must be a whole number from 0 to 65535",
        ),
        (
            (),
            {"DATAMOVER_API_KEYS_FILE": "keys", "DATAMOVER_API_LOG_LEVEL": "loud"},
            "DATAMOVER_API_LOG_LEVEL=loud: must be debug or info or warning or error",
        ),
        (
            ("--keys-file", "keys", "--tls-key-file", "key.pem"),
            {},
            "DATAMOVER_API_TLS_CERTIFICATE_FILE, DATAMOVER_API_TLS_KEY_FILE: must be set both or neither",
        ),
        (("--keys-file", "/nowhere"), {}, "DATAMOVER_API_KEYS_FILE=/nowhere: can't be read: No such file or directory"),
        (("--unknown", "1"), {}, "unrecognized arguments: --unknown 1; datamover-api --help lists all flags"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(
    arguments: tuple[str, ...], environment: dict[str, str], line: str
) -> None:
    told = run(*arguments, **environment)
    assert (told.returncode, told.stderr) == (2, f"datamover-api: {line}\n")


def test_variables_that_kubernetes_puts_into_pods_are_no_settings(tmp_path: Path) -> None:
    environment = {"DATAMOVER_API_PORT": "tcp://10.0.0.1:80", "DATAMOVER_API_SERVICE_HOST": "10.0.0.1"}
    keys = tmp_path / "keys"
    keys.write_text("k")
    told = run("--keys-file", str(keys), **environment, KUBECONFIG=str(tmp_path / "none"))
    assert told.returncode == 1
    assert "can't start" in told.stderr


def test_answers_do_not_wait_for_the_client_s_acknowledgements() -> None:
    with bound("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_a_facade_that_is_not_served_is_not_loaded() -> None:
    program = "import sys, datamover_api.serving, datamover_api.legacy.facade; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"sqlalchemy", "alembic", "psycopg", "limits", "jwt"}.isdisjoint(done.stdout.split())
