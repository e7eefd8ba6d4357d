"""The real adapter (botocore, threads, HTTP) against a real emulator process, each test in an account of its own."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import pytest

from datamover_operator.aws.access import AccountAccess, Credentials
from datamover_operator.aws.pacing import Limits
from datamover_operator.aws.sessions import BotoAccounts
from datamover_operator.process.metrics import Metrics
from tests.aws.canned import Canned
from tests.support.emulator import Emulator, start_emulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

REGION = "eu-central-1"
# Repetitions come at once; no time-out is near what a busy machine needs.
LIMITS = Limits(threads=4, rate=10_000, burst=10_000, retry_delay=0)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator for each pytest worker."""
    with start_emulator(tmp_path_factory.mktemp("emulator"), "--max-tasks", "300") as running:
        yield running


@pytest.fixture
def account() -> str:
    """The id of an account that no other test uses."""
    return f"{os.getpid() % 10**6:06d}{next(_numbers):06d}"


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, emulator: Emulator, account: str) -> pytest.MonkeyPatch:
    """AWS's standard variables as a pod has them, pointing at the emulator."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in emulator.environment(account=account, region=REGION).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    return monkeypatch


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def make_accounts(
    surroundings: pytest.MonkeyPatch, metrics: Metrics
) -> AsyncIterator[Callable[..., BotoAccounts]]:
    """Make the accounts port with other limits than the tests' usual ones."""
    made: list[BotoAccounts] = []

    def make(limits: Limits = LIMITS) -> BotoAccounts:
        made.append(BotoAccounts(limits, metrics))
        return made[-1]

    yield make
    for accounts in made:
        await accounts.close()


@pytest.fixture
def accounts(make_accounts: Callable[..., BotoAccounts]) -> BotoAccounts:
    return make_accounts()


@pytest.fixture
def access(account: str) -> AccountAccess:
    """The way into the test's own account."""
    return AccountAccess("main", account, REGION, credentials=Credentials(account, "none"))


@pytest.fixture
def canned(surroundings: pytest.MonkeyPatch) -> Iterator[Canned]:
    """A server that answers as a test tells it, in the emulator's place."""
    with Canned() as server:
        surroundings.setenv("AWS_ENDPOINT_URL", server.endpoint)
        yield server


@pytest.fixture
def client(emulator: Emulator, account: str) -> Callable[[str], Any]:
    """A bare boto3 client in the test's account, to see and prepare things behind the adapter's back."""
    return lambda service: emulator.client(service, account=account, region=REGION)
