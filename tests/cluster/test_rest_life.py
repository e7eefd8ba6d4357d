"""A mover's whole life over REST, on the whole stack."""

from __future__ import annotations

from tests.support.movers import NOTHING, World
from tests.support.rest import MOVERS, Client, s3_body
from tests.support.waiting import eventually

NAME = "best-effort-datasync-01"
MOVER = f"{MOVERS}/abc-123/{NAME}"


def test_create_flywheel_list_show_start_runs_delete(world: World, rest: Client) -> None:
    created = rest.create(s3_body())
    assert (created.status, created.body) == (202, b"")
    assert created.headers["content-type"] == "application/json"
    task = rest.wait_flywheel(created.headers["x-flywheel-task"], "completed")
    assert task["events"][0].endswith(f"starting task {task['id']}")
    assert task["events"][-1].endswith(f"complete task {task['id']}")

    listed = rest.get(f"{MOVERS}/abc-123")
    assert (listed.json, listed.headers["x-items"]) == ([NAME], "1")
    assert rest.get(MOVERS).json == [NAME]
    shown = rest.get(MOVER).json
    assert shown["Task"]["Status"] == "AVAILABLE"
    assert shown["Source"]["S3"]["LocationUri"] == "s3://src/"
    assert shown["Tags"] == [
        {"Key": "env", "Value": "sbx"},
        {"Key": "spinup:flavor", "Value": "datamover"},
        {"Key": "spinup:org", "Value": "spindev"},
        {"Key": "spinup:spaceid", "Value": "abc-123"},
        {"Key": "spinup:type", "Value": "storage"},
    ]

    started = rest.set_state(NAME, "start")
    assert started.status == 200
    execution = started.json
    assert rest.get(f"{MOVER}/runs").json == [execution]
    run = eventually(lambda: _ended(rest, execution))
    assert run["Status"] == "SUCCESS"
    assert world.objects("dst") == {"a.txt": b"alpha", "b/c.txt": b"charlie"}

    deleted = rest.send("DELETE", MOVER)
    assert (deleted.status, deleted.body) == (204, b"")
    assert rest.get(MOVER).status == 404
    assert rest.get(f"{MOVERS}/abc-123").json == []
    assert rest.get(f"/v1/datasync/flywheel?task={task['id']}").json == {}
    assert world.leftovers() == NOTHING


def _ended(rest: Client, execution: str) -> dict[str, object]:
    run: dict[str, object] = rest.get(f"{MOVER}/runs/{execution}").json
    assert run["Status"] in {"SUCCESS", "ERROR"}, run
    return run
