"""The older service's contract, row by row, on one stack with one mover that has run."""

from __future__ import annotations

import secrets
import socket
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from datamover_dev.controlplane.cluster import ControlPlane
from tests.support.api import Api
from tests.support.cleaning import remove_custom_resources
from tests.support.emulator import Emulator
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rest import MOVERS, Answer, Client, RestServices, s3_body, token
from tests.support.rights import identity, in_one_namespace, of_the_rest_service
from tests.support.waiting import eventually

TEXT = "text/plain; charset=utf-8"
GROUP, NAME = "abc-123", "best-effort-datasync-01"
MOVER = f"{MOVERS}/{GROUP}/{NAME}"
STRANGER = "/v1/datasync/999999999999/movers"


@dataclass(frozen=True)
class Stage:
    """A client of the stack, the id of the mover's flywheel task and of its execution."""

    rest: Client
    task: str
    execution: str


@pytest.fixture(scope="module")
def stage(
    api: Api, control_plane: ControlPlane, worker_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    worker_emulator.clear()
    name, folder = f"test-{secrets.token_hex(4)}", tmp_path_factory.mktemp("contract")
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    world = World(api, worker_emulator, name)
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all(rest={"namespace": name}, org="spindev")
    admin, rights = control_plane.kubeconfig, {"operator": in_one_namespace(name), "rest": of_the_rest_service(name)}
    with ExitStack() as ends:
        ends.callback(api.delete, f"/api/v1/namespaces/{name}")
        ends.callback(remove_custom_resources, api)
        for who in rights:
            (folder / who).mkdir()
        own = {who: ends.enter_context(identity(api, admin, folder / who, its)) for who, its in rights.items()}
        operators = Operators(own["operator"], name, worker_emulator.environment(), folder)
        ends.callback(operators.stop)
        services = RestServices(own["rest"], folder)
        ends.callback(services.stop)
        operators()
        rest = services(githash="2fc9a80", buildstamp="2026-01-31T12:00:00Z")
        task = rest.created(s3_body(NAME), GROUP)
        rest.created(s3_body("other"), "group-2")
        started = rest.set_state(NAME, "start")
        assert started.status == 200, started
        eventually(lambda: rest.get(f"{MOVER}/runs/{started.json}").json["Status"] == "SUCCESS")
        yield Stage(rest, task, started.json)


@pytest.fixture
def rest(stage: Stage) -> Client:
    return stage.rest


def refusal(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.text, answer.headers.get("content-type", "")


@pytest.mark.parametrize("base", ["/v1/test", "/v1/datasync"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ping_version_and_metrics_need_no_token(rest: Client, base: str, method: str) -> None:
    ping = rest.send(method, f"{base}/ping", headers={})
    assert (ping.status, ping.headers["content-type"]) == (200, TEXT)
    assert ping.headers["access-control-allow-origin"] == "*"
    version = rest.send(method, f"{base}/version", headers={})
    assert (version.status, version.headers["content-type"]) == (200, "application/json")
    assert version.headers["access-control-allow-origin"] == "*"
    metrics = rest.send(method, f"{base}/metrics", headers={})
    assert metrics.status == 200
    assert metrics.headers["content-type"].startswith("text/plain; version=")
    bodies = (ping.text, version.body, metrics.body)
    if method == "HEAD":
        assert bodies == ("", b"", b"")
        assert ping.headers["content-length"] == "4"
    else:
        assert ping.text == "pong"
        assert version.json == {"version": "0.1.0", "githash": "2fc9a80", "buildstamp": "2026-01-31T12:00:00Z"}
        assert b"datamover_api_request_seconds_bucket{" in metrics.body


@pytest.mark.parametrize("path", [MOVERS, f"{MOVERS}/{GROUP}", MOVER, "/v1/test/ping", "/nowhere", "/", "//x/"])
def test_options_is_answered_everywhere_before_any_token_check(rest: Client, path: str) -> None:
    answer = rest.send("OPTIONS", path, headers={})
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "X-Auth-Token"


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "",
        "open sesame",
        token("another key"),
        token()[:-1],
        token().replace("$04$", "$31$"),
        token().replace("$04$", "$13$"),
        "\x80",
    ],
    ids=[
        "none",
        "empty",
        "plain",
        "other-key",
        "short",
        "cost-31",
        "cost-13",
        "not-ascii",
    ],  # a hash has a new salt each time
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", MOVERS), ("POST", f"{MOVERS}/{GROUP}"), ("GET", "/v1/datasync/flywheel"), ("GET", "/nowhere")],
)
def test_without_a_right_token_everything_is_403(rest: Client, method: str, path: str, wrong: str | None) -> None:
    # Checking a token of cost 31 would take days: the client would not wait for that.
    answer = rest.send(method, path, headers={} if wrong is None else {"X-Auth-Token": wrong})
    assert (answer.status, answer.body) == (403, b"")
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("blanks", [" ", "\t", " \t "])
def test_blanks_around_a_token_are_no_part_of_it(rest: Client, blanks: str) -> None:
    with socket.create_connection((urlsplit(rest.url).hostname, urlsplit(rest.url).port), timeout=30) as client:
        head = (
            f"GET {MOVERS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Auth-Token:{blanks}{token()}{blanks}\r\n\r\n"
        )
        client.sendall(head.encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/v1", f"{MOVERS}/", f"{MOVER}/", f"{MOVER}/runs/", "/v1/test/ping/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_paths_that_nobody_serves(rest: Client, method: str, path: str) -> None:
    answer = rest.send(method, path)
    assert refusal(answer) == (404, "404 page not found\n", TEXT)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "served"),
    [
        ("POST", MOVERS, "GET, HEAD, OPTIONS"),
        ("PUT", f"{MOVERS}/{GROUP}", "GET, POST, HEAD, OPTIONS"),
        ("PATCH", MOVER, "GET, PUT, DELETE, HEAD, OPTIONS"),
        ("POST", f"{MOVER}/runs", "GET, HEAD, OPTIONS"),
        ("DELETE", f"{MOVER}/runs/exec-1", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_wrong_method(rest: Client, method: str, path: str, served: str) -> None:
    answer = rest.send(method, path)
    assert refusal(answer) == (405, "Method Not Allowed\n", TEXT)
    assert (answer.headers["allow"], answer.headers["x-content-type-options"]) == (served, "nosniff")


def test_head_of_a_path_that_nobody_serves(rest: Client) -> None:
    answer = rest.send("HEAD", "/v1/nowhere")
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("//v1/test/ping", "/v1/test/ping"),
        ("/v1//test/ping?a=1&b=%2F", "/v1/test/ping?a=1&b=%2F"),
        (f"{MOVERS}//{GROUP}", f"{MOVERS}/{GROUP}"),
        ("//example.com/x", "/example.com/x"),
    ],
)
def test_a_path_that_is_not_clean_is_redirected(rest: Client, path: str, location: str) -> None:
    answer = rest.send("GET", path)
    assert (answer.status, answer.headers["location"]) == (301, location)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", STRANGER, None),
        ("GET", f"{STRANGER}/{GROUP}", None),
        ("POST", f"{STRANGER}/{GROUP}", s3_body()),
        ("GET", f"{STRANGER}/{GROUP}/{NAME}", None),
        ("PUT", f"{STRANGER}/{GROUP}/{NAME}", {"State": "start"}),
        ("DELETE", f"{STRANGER}/{GROUP}/{NAME}", None),
        ("GET", f"{STRANGER}/{GROUP}/{NAME}/runs", None),
        ("GET", f"{STRANGER}/{GROUP}/{NAME}/runs/exec-1", None),
        ("GET", "/v1/datasync/nonsense/movers", None),
    ],
)
def test_an_account_that_is_not_served(rest: Client, method: str, path: str, body: object) -> None:
    assert refusal(rest.send(method, path, body)) == (404, "account not found", TEXT)


@pytest.mark.parametrize("path", [f"{MOVERS}/{GROUP}/nobody", f"{MOVERS}/group-2/{NAME}", f"{MOVERS}/{GROUP}/NIGHTLY"])
@pytest.mark.parametrize(
    ("method", "leaf", "body"),
    [
        ("GET", "", None),
        ("PUT", "", {"State": "start"}),
        ("PUT", "", {"State": "stop"}),
        ("DELETE", "", None),
        ("GET", "/runs", None),
        ("GET", "/runs/exec-1", None),
    ],
)
def test_a_mover_that_is_not_there(rest: Client, path: str, method: str, leaf: str, body: object) -> None:
    assert refusal(rest.send(method, path + leaf, body)) == (404, "datasync mover not found", TEXT)


def test_lists(rest: Client) -> None:
    everything = rest.get(MOVERS)
    assert (everything.status, everything.json, everything.headers["x-items"]) == (200, [NAME, "other"], "2")
    group = rest.get(f"{MOVERS}/{GROUP}")
    assert (group.json, group.headers["x-items"]) == ([NAME], "1")
    unknown = rest.get(f"{MOVERS}/nobody%20knows%3F")
    assert (unknown.status, unknown.json, unknown.headers["x-items"]) == (200, [], "0")
    head = rest.send("HEAD", MOVERS)
    assert (head.status, head.body, head.headers["x-items"]) == (200, b"", "2")


def test_show(stage: Stage) -> None:
    shown = stage.rest.get(MOVER).json
    assert list(shown) == ["Task", "Source", "Destination", "Tags"]
    task = shown["Task"]
    assert (task["Name"], task["Status"]) == (NAME, "AVAILABLE")
    assert task["CurrentTaskExecutionArn"].endswith(f"/execution/{stage.execution}")
    assert {key: task["Options"][key] for key in ("PreserveDeletedFiles", "TransferMode", "VerifyMode")} == {
        "PreserveDeletedFiles": "PRESERVE",
        "TransferMode": "CHANGED",
        "VerifyMode": "ONLY_FILES_TRANSFERRED",
    }
    assert task["ErrorCode"] is None
    assert task["Schedule"] is None
    assert shown["Source"]["Type"] == "S3"
    role = shown["Source"]["S3"]["S3Config"]["BucketAccessRoleArn"]
    assert role == f"arn:aws:iam::123456789012:role/spinup/spindev/{GROUP}/{NAME}-{zlib.crc32(b'src'):08x}"
    assert shown["Destination"]["S3"]["S3StorageClass"] == "STANDARD"


def test_runs(stage: Stage) -> None:
    assert stage.rest.get(f"{MOVER}/runs").json == [stage.execution]
    run = stage.rest.get(f"{MOVER}/runs/{stage.execution}").json
    assert (run["FilesTransferred"], run["BytesTransferred"], run["BytesWritten"]) == (1, 5, 5)
    assert run["Result"]["TransferStatus"] == "SUCCESS"
    assert refusal(stage.rest.get(f"{MOVER}/runs/exec-0")) == (404, "datasync mover run not found", TEXT)
    assert stage.rest.get(f"{MOVERS}/group-2/other/runs").json == []


def test_the_flywheel(stage: Stage) -> None:
    nothing = stage.rest.get("/v1/datasync/flywheel")
    assert (nothing.status, nothing.body) == (400, b"")
    unknown = stage.rest.get("/v1/datasync/flywheel?task=unknown&task=3b9ee9e9-9ffa-4b07-93c7-59e7e6f1fa7f")
    assert (unknown.status, unknown.json) == (200, {})
    known = stage.rest.get(f"/v1/datasync/flywheel?task=unknown&task={stage.task}").json
    assert list(known) == [stage.task]
    task = known[stage.task]
    assert (task["id"], task["status"]) == (stage.task, "completed")
    assert set(task) == {"id", "status", "created_at", "checkin_at", "completed_at", "events"}
    messages = [event.partition(" ")[2] for event in task["events"]]
    assert messages[:4] == [
        f"starting task {stage.task}",
        "requested creation of source location",
        "requested creation of destination location",
        f"requested creation of datasync task {NAME}",
    ]
    assert messages[4].startswith(f"created data mover '{NAME}': task-")
    assert messages[5:] == [f"complete task {stage.task}"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "cannot decode body into create data mover input: EOF"),
        (b"{", "cannot decode body into create data mover input: "),
        (b'{"Name": 5}', "cannot decode body into create data mover input: Name"),
        (
            b'{"Name": "a", "Source": []}',
            "cannot decode body into create data mover input: Source: must be an object",
        ),
        ({}, "Name is a required field"),
        ({"Name": None}, "Name is a required field"),
        ({"Name": ""}, "Name doesn't match regex ^[a-zA-Z0-9-]+$"),
        ({"Name": "x" * 41}, "Name cannot exceed 40 characters "),
        ({"Name": "a b"}, "Name doesn't match regex ^[a-zA-Z0-9-]+$"),
        ({"Name": "ok"}, "Source and Destination are required"),
    ],
)
def test_what_is_refused_at_once(rest: Client, body: object, told: str) -> None:
    answer = rest.create(body)
    assert (answer.status, answer.headers["content-type"]) == (400, TEXT)
    assert answer.text.startswith(told)


@pytest.mark.parametrize(
    ("members", "failure"),
    [
        (
            {"Source": {"Type": "SMB"}},
            "failed to create source location: Source.Type: 'SMB': must be S3 or EFS",
        ),
        (
            {"Destination": {"Type": "EFS"}},
            "failed to create destination location: Destination.EFS is required where Destination.Type is EFS",
        ),
        (
            {"Source": {"Type": "S3", "S3": {"S3BucketArn": "bucket"}}},
            'failed to create source location: Source.S3.S3BucketArn: "bucket": must be an ARN, which starts with arn:',
        ),
        (
            {"Tags": [{"Key": "datamover.io/uid", "Value": "v"}]},
            'failed to create source location: Tags[0].Key: "datamover.io/uid": must start neither with aws:',
        ),
    ],
)
def test_what_is_ill_formed_fails_through_the_flywheel(rest: Client, members: dict[str, object], failure: str) -> None:
    answer = rest.create(s3_body("ill-formed") | members)
    assert (answer.status, answer.body) == (202, b"")
    task_id = answer.headers["x-flywheel-task"]
    task = rest.get(f"/v1/datasync/flywheel?task={task_id}").json[task_id]
    assert (task["id"], task["status"]) == (task_id, "failed")
    assert task["failure"].startswith(failure)
    assert set(task) == {"id", "status", "created_at", "checkin_at", "failed_at", "failure", "events"}
    assert rest.get(f"{MOVERS}/{GROUP}/ill-formed").status == 404


@pytest.mark.parametrize("path", [f"{MOVERS}/{GROUP}", MOVER])
def test_bodies_are_bounded(rest: Client, path: str) -> None:
    method = "PUT" if path == MOVER else "POST"
    assert refusal(rest.send(method, path, b" " * 1_000_000))[::2] == (413, TEXT)


def test_a_name_that_is_taken(rest: Client) -> None:
    assert refusal(rest.create(s3_body(NAME))) == (409, "datasync mover already exists", TEXT)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "missing required parameter: State"),
        ({"State": None}, "missing required parameter: State"),
        ({"State": ""}, "valid states are 'start' and 'stop'"),
        ({"State": "pause"}, "valid states are 'start' and 'stop'"),
        ({"state": "START"}, "valid states are 'start' and 'stop'"),
    ],
)
def test_states_that_are_none(rest: Client, body: object, told: str) -> None:
    assert refusal(rest.send("PUT", MOVER, body)) == (400, told, TEXT)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"State": 1}'])
def test_a_state_that_is_no_json(rest: Client, body: bytes) -> None:
    answer = rest.send("PUT", MOVER, body)
    assert (answer.status, answer.headers["content-type"]) == (400, TEXT)
    assert answer.text.startswith("cannot decode body into update data mover input: ")


def test_a_task_that_does_not_run_is_not_stopped(rest: Client) -> None:
    assert refusal(rest.set_state(NAME, "stop")) == (409, "datasync mover task is not running", TEXT)


def test_the_description_has_every_route_with_examples(rest: Client) -> None:
    described = rest.send("GET", "/openapi.json", headers={}).json
    assert len(described["paths"]) == 12
    for path, operations in described["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert "422" not in operation["responses"]
            for told in (*operation["responses"].values(), operation.get("requestBody", {})):
                for media in told.get("content", {}).values():
                    assert media.get("example") or media["examples"], (path, told)
            for parameter in operation.get("parameters", ()):
                assert parameter["description"], (path, parameter)
                assert parameter["example"], (path, parameter)
    assert list(described["components"]) == ["securitySchemes"]
    create = described["paths"]["/v1/datasync/{account}/movers/{group}"]["post"]["requestBody"]
    schema = create["content"]["application/json"]["schema"]
    assert schema["required"] == ["Name", "Source", "Destination"]
    assert schema["properties"]["Source"]["required"] == ["Type"]
    assert schema["properties"]["Source"]["properties"]["S3"]["required"] == ["S3BucketArn"]
    assert schema["properties"]["Name"]["type"] == "string"
