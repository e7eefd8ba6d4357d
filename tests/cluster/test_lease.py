"""The Lease on a real API server: nobody's wall clock decides, and nothing waits for an answer that does not come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from datamover_common.kube.client import KubeClient
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_operator.kube.lease import Lease, LeaseLostError
from datamover_operator.process.loop_thread import LoopThread
from tests.support.api import Api, JsonDict
from tests.support.api_proxy import ApiProxy
from tests.support.waiting import eventually_async

SECONDS = 3.0
LONG_AGO, FAR_AHEAD = "2001-01-01T00:00:00.000000Z", "2101-01-01T00:00:00.000000Z"

Claim = Callable[..., Lease]


class Clock:
    """A monotonic clock that goes on when it is told to; `asked` counts how often it was read."""

    def __init__(self) -> None:
        self.now, self.asked = 1000.0, 0

    def __call__(self) -> float:
        self.asked += 1
        return self.now


@pytest.fixture
def claim(client: KubeClient, namespace: str) -> Claim:
    """A Lease as one process sees it."""

    def claim(holder: str, tick: Callable[[], float] = time.monotonic) -> Lease:
        return Lease(client, (namespace, "operator"), holder, SECONDS, tick)

    return claim


def collection(namespace: str) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


def held(api: Api, namespace: str, renewed: str) -> None:
    """Another process, whose clock shows something else, holds the Lease."""
    spec: JsonDict = {"holderIdentity": "other", "leaseDurationSeconds": 3, "renewTime": renewed}
    api.create(collection(namespace), {"metadata": {"name": "operator"}, "spec": spec})


def holder_of(api: Api, namespace: str) -> str:
    found: JsonDict = api.get(f"{collection(namespace)}/operator")["spec"]
    return str(found.get("holderIdentity", ""))


@pytest.mark.parametrize("renewed", [LONG_AGO, FAR_AHEAD])
async def test_it_is_taken_once_it_has_not_changed_for_its_time_whatever_it_shows(
    api: Api, namespace: str, claim: Claim, renewed: str
) -> None:
    held(api, namespace, renewed)
    clock = Clock()
    waiting = asyncio.create_task(claim("ours", clock).acquire())
    asked = clock.asked
    await eventually_async(lambda: _is(clock.asked > asked + 4), what="it has looked more than once")
    assert holder_of(api, namespace) == "other"
    clock.now += SECONDS + 0.1
    await asyncio.wait_for(waiting, 30)
    assert holder_of(api, namespace) == "ours"


async def test_one_that_is_renewed_stays_held(api: Api, namespace: str, claim: Claim) -> None:
    held(api, namespace, LONG_AGO)
    clock = Clock()
    waiting = asyncio.create_task(claim("ours", clock).acquire())
    for turn in range(3):
        asked = clock.asked
        await eventually_async(lambda before=asked: _is(clock.asked > before + 2), what="it has looked")  # type: ignore[misc]
        api.patch(f"{collection(namespace)}/operator", {"spec": {"renewTime": f"2001-01-01T00:00:0{turn + 1}.000000Z"}})
        asked = clock.asked
        await eventually_async(lambda before=asked: _is(clock.asked > before + 2), what="it has looked")  # type: ignore[misc]
        clock.now += SECONDS - 0.1
    assert holder_of(api, namespace) == "other"
    assert not waiting.done()
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting


async def test_one_that_was_let_go_is_taken_at_once(api: Api, namespace: str, claim: Claim) -> None:
    first, second = claim("first"), claim("second", Clock())
    await first.acquire()
    assert holder_of(api, namespace) == "first"
    await first.release(30)
    await asyncio.wait_for(second.acquire(), 30)
    assert holder_of(api, namespace) == "second"
    await first.release(30)
    assert holder_of(api, namespace) == "second", "nobody lets go of another's"


async def test_its_holder_goes_on_while_the_api_server_hangs(
    claim: Claim, proxy: ApiProxy, api: Api, namespace: str
) -> None:
    """Nobody else can have taken it: an end would only leave the work undone."""
    lease = claim("ours")
    await lease.acquire()
    proxy.hang()
    keeping = asyncio.create_task(lease.keep())
    await asyncio.wait([keeping], timeout=SECONDS * 2)
    assert not keeping.done()
    proxy.recover()
    renewed = api.get(f"{collection(namespace)}/operator")["spec"]["renewTime"]
    await eventually_async(
        lambda: _is(api.get(f"{collection(namespace)}/operator")["spec"]["renewTime"] != renewed), what="renewed again"
    )
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def test_it_is_kept_while_the_main_loop_is_stuck(
    api: Api, namespace: str, control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    async with LoopThread("ours") as ours, LoopThread("theirs") as theirs:
        clients = [await thread.run(KubeClient.from_environment()) for thread in (ours, theirs)]
        lease, rival = (
            Lease(client, (namespace, "operator"), holder, SECONDS * 2, time.monotonic)
            for client, holder in zip(clients, ("ours", "theirs"), strict=True)
        )
        await ours.run(lease.acquire())
        keeping = asyncio.create_task(ours.run(lease.keep()))
        waiting = asyncio.create_task(theirs.run(rival.acquire()))
        await asyncio.sleep(0)
        time.sleep(SECONDS * 3)  # noqa: ASYNC251 - the main loop is stuck
        assert holder_of(api, namespace) == "ours"
        for task in (waiting, keeping):
            assert not task.done()
            task.cancel()
        await asyncio.gather(keeping, waiting, return_exceptions=True)
        for thread, client in zip((ours, theirs), clients, strict=True):
            await thread.run(client.close())


async def test_its_holder_gives_up_when_another_has_taken_it(api: Api, namespace: str, claim: Claim) -> None:
    lease = claim("ours")
    await lease.acquire()
    api.patch(f"{collection(namespace)}/operator", {"spec": {"holderIdentity": "thief"}})
    with pytest.raises(LeaseLostError, match="is held by 'thief'"):
        await asyncio.wait_for(lease.keep(), 20)


async def test_it_waits_for_an_api_server_that_hangs_at_first(claim: Claim, proxy: ApiProxy) -> None:
    proxy.hang()
    waiting = asyncio.create_task(claim("ours").acquire())
    await asyncio.wait([waiting], timeout=SECONDS / 2)
    assert not waiting.done()
    proxy.recover()
    await asyncio.wait_for(waiting, 20)


async def _is(value: bool) -> bool:
    return value
