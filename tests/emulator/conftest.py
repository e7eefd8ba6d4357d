"""A real emulator process for each pytest worker, and an account of its own for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.support.account import Account
from tests.support.emulator import Emulator, start_emulator


@pytest.fixture(scope="session")
def emulator(worker_emulator: Emulator) -> Emulator:
    """An emulator in which nothing takes longer than it must: the worker's; accounts keep its tests apart."""
    return worker_emulator


@pytest.fixture(scope="session")
def strict_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator in which little is allowed and everything takes an hour; tests move its clock on."""
    arguments = ("--max-tasks=2", "--max-queued=2", "--task-delay=3600", "--iam-delay=3600", "--no-create-file-systems")
    with start_emulator(tmp_path_factory.mktemp("file-systems"), *arguments) as running:
        yield running


@pytest.fixture
def strict_account(strict_emulator: Emulator) -> Account:
    """An account of the strict emulator, with the file systems that `efs_task` uses."""
    account = Account(strict_emulator, new_account_number())
    for file_system in ("fs-0aaaaaaaaaaaaaaaa", "fs-0bbbbbbbbbbbbbbbb"):
        account.efs_folder(file_system)
    return account


@pytest.fixture
def account(emulator: Emulator) -> Account:
    """An account that no other test speaks for."""
    return Account(emulator, new_account_number())


def new_account_number() -> str:
    return str(secrets.randbelow(9 * 10**11) + 10**11)
