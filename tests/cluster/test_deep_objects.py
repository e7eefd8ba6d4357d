"""Somebody nests a free-form part of an object as deep as the API server takes it: everybody else goes on."""

from __future__ import annotations

from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rest import MOVERS, Client, RestServices, s3_body
from tests.support.waiting import eventually

DEPTHS = (990, 5000)
"""What the standard library reads and nothing can walk through, and what it does not read."""


def test_what_is_nested_too_deep_disturbs_nobody(
    world: World, operator: Operators, rest: Client, rest_services: RestServices
) -> None:
    path = f"/apis/datamover.io/v1alpha1/namespaces/{world.namespace}/datamovers/deep"
    world.s3_mover("deep")
    world.wait_ready("deep")
    for depth in DEPTHS:
        nested = b'{"a":' * depth + b"1" + b"}" * depth
        world.api.patch_text(f"{path}/status", b'{"status":{"observed":{"task":%s}}}' % nested)
        _check_served(rest, f"after-{depth}")

    operator.stop()
    operator()
    _check_served(rest_services(), "after-a-restart")
    world.api.patch_text(path, b'{"spec":{"options":{"logLevel":"BASIC"}}}')
    eventually(lambda: '{"a":{"a":{"a":' not in world.api.text(path), what="the status says again what there is")
    world.wait_ready("deep")
    world.delete("DataMover", "deep")
    eventually(lambda: world.get("DataMover", "deep") is None, what="it is gone")


def _check_served(rest: Client, name: str) -> None:
    """A mover is made through the whole stack, and seen."""
    rest.created(s3_body(name))
    listed = rest.get(f"{MOVERS}/abc-123")
    assert (listed.status, name in listed.text) == (200, True), listed
