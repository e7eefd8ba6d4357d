"""What callers without a key can do to a real service: nothing that others feel."""

from __future__ import annotations

import json
import re
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.certificates import write_certificate
from tests.support.movers import World
from tests.support.rest import MOVERS, NAMED_KEY, Client, RestServices, token
from tests.support.waiting import eventually

PING = b"GET /v1/test/ping HTTP/1.1\r\nHost: x\r\n\r\n"
BIG = "/docs/swagger-ui-bundle.js"
TASK = "arn:aws:datasync:eu-central-1:123456789012:task/task-0ee229c003ef4f0b8"

Connect = Callable[..., socket.socket]


@pytest.fixture
def served(world: World) -> World:
    """An account that serves the test's namespace, with one mover whose task is there as far as its status tells."""
    world.grant_all(rest={"namespace": world.namespace})
    world.s3_mover("first", tags=[{"key": "spinup:spaceid", "value": "g"}])
    status = {"taskArn": TASK, "observed": {"task": {"status": "AVAILABLE"}}}
    world.patch("DataMover", "first", {"status": status}, subresource="/status")
    return world


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens connections to a service, from any address of the loopback network; they are closed at the end."""
    with ExitStack() as stack:

        def connection(rest: Client, *, host: str = "127.0.0.1", sends: bytes = b"") -> socket.socket:
            parts = urlsplit(rest.url)
            made = socket.create_connection((parts.hostname, parts.port), timeout=30, source_address=(host, 0))
            stack.enter_context(made)
            made.sendall(sends)
            return made

        yield connection


def lists(rest: Client) -> bool:
    return bool(rest.get(f"{MOVERS}/g").json == ["first"])


def ended(connection: socket.socket) -> bool:
    """Whether the other side ends the connection, without an answer."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def answers(connection: socket.socket) -> bool:
    """Whether a request is answered on the connection."""
    received = b""
    try:
        connection.sendall(PING)
        while not received.endswith(b"pong"):
            chunk = connection.recv(4096)
            if not chunk:
                return False
            received += chunk
    except OSError:
        return False
    return received.startswith(b"HTTP/1.1 200 ")


def cut_off(connection: socket.socket, sends: bytes) -> bool:
    """Whether the connection ends while this is sent again and again."""
    try:
        for _ in range(200):
            connection.sendall(sends)
        return ended(connection)
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_silent_and_slow_clients_hold_nobody_up(served: World, rest_services: RestServices, connect: Connect) -> None:
    limits = {"most_connections_per_address": 400, "head_timeout_seconds": 3, "body_timeout_seconds": 1}
    rest = rest_services(**limits)
    silent = [connect(rest) for _ in range(300)]
    half = connect(rest, sends=b"GET /v1/test/ping HTTP/1.1\r\nX-Slow: ")
    assert lists(rest)
    head = f"POST {MOVERS}/g HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {token()}\r\nContent-Length: 100\r\n\r\n{{"
    assert connect(rest, sends=head.encode()).recv(4096).startswith(b"HTTP/1.1 408 ")
    assert all(map(ended, (*silent, half)))


def test_a_head_without_end_is_cut_off(served: World, rest_services: RestServices, connect: Connect) -> None:
    rest = rest_services()
    endless = connect(rest, sends=b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"x" * 200_000)
    assert endless.recv(4096).startswith(b"HTTP/1.1 431 ")
    whole = connect(rest, sends=b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n")
    assert whole.recv(4096).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("first", "sends"),
    [(b"G", b"G" * 100_000), (b"GET / HTTP/1.1\r\n", b"X-A: " + b"x" * 10_000 + b"\r\n"), (b"", PING * 1000)],
    ids=["no-line", "no-end", "no-break"],
)
def test_heads_are_counted_while_a_request_is_in_flight(
    served: World, rest_services: RestServices, connect: Connect, first: bytes, sends: bytes
) -> None:
    # There is no operator: the start waits, and the service's end would wait for it.
    rest = rest_services(start_timeout_seconds=300, shutdown_grace_seconds=0)
    body = json.dumps({"State": "start"})
    head = f"PUT {MOVERS}/g/first HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {token()}\r\nContent-Length: {len(body)}\r\n\r\n"
    waiting = connect(rest, sends=(head + body).encode())
    eventually(lambda: served.list("DataMoverRun"))
    waiting.sendall(first)
    assert cut_off(waiting, sends)
    assert lists(rest)


@pytest.mark.parametrize(
    ("first", "sends"),
    [
        (b"1;", b"x" * 100_000),
        (b"1\r\n{\r\n0\r\nX-A: ", b"x" * 100_000),
        (b"1\r\n{\r\n0\r\n", b"X-A: " + b"x" * 10_000 + b"\r\n"),
    ],
    ids=["an-extension", "a-field-after-it", "fields-after-it"],
)
def test_what_comes_with_a_body_is_counted_as_a_head_is(
    served: World, rest_services: RestServices, connect: Connect, first: bytes, sends: bytes
) -> None:
    rest = rest_services(body_timeout_seconds=300)
    head = f"POST {MOVERS}/g HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {token()}\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert cut_off(connect(rest, sends=head.encode() + first), sends)
    whole = connect(rest, sends=head.encode())
    for _ in range(100):  # far more than a head may have, but of a body
        whole.sendall(b"1\r\n \r\n" * 1000)
    whole.sendall(b"0\r\nX-A: x\r\n\r\n")
    assert whole.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_answers_that_nobody_reads_are_cut(served: World, rest_services: RestServices, connect: Connect) -> None:
    rest = rest_services(write_timeout_seconds=1)
    request = f"GET {BIG} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    deaf = connect(rest, sends=request * 8)
    eventually(partial(is_reset, deaf))
    assert rest.send("GET", BIG, headers={}).status == 200


def is_reset(connection: socket.socket) -> bool:
    """Whether the other side has given the connection up, though nobody has read what it has sent."""
    poll = select.poll()
    poll.register(connection, select.POLLERR | select.POLLHUP)
    return bool(poll.poll(0))


def test_an_address_has_only_so_many_connections(served: World, rest_services: RestServices, connect: Connect) -> None:
    rest = rest_services(most_connections_per_address=5, head_timeout_seconds=300)
    held = [connect(rest, host="127.0.0.2") for _ in range(5)]
    assert answers(held[-1])
    assert not answers(connect(rest, host="127.0.0.2"))
    assert all(map(answers, held))
    assert answers(connect(rest, host="127.0.0.3"))
    held.pop().close()
    eventually(lambda: answers(connect(rest, host="127.0.0.2")))


def test_whoever_holds_most_connections_gives_one_up_to_a_newcomer(
    served: World, rest_services: RestServices, connect: Connect
) -> None:
    rest = rest_services(most_connections=30, most_connections_per_address=20, head_timeout_seconds=300)
    greedy = [connect(rest, host="127.0.0.2") for _ in range(20)]
    others = [connect(rest, host="127.0.0.3") for _ in range(9)]
    assert all(map(answers, (*greedy, *others)))
    newcomers = [connect(rest, host=f"127.0.0.{number}") for number in range(10, 15)]
    assert all(map(answers, newcomers))
    assert [answers(each) for each in greedy].count(False) in {4, 5}  # the client's own connection may have been one
    assert all(map(answers, others))
    assert lists(rest)


def test_handshakes_count_and_end_like_everything_else(
    served: World, rest_services: RestServices, connect: Connect, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    write_certificate(certificate, key)
    service = rest_services.start(
        wait=False,
        tls_certificate_file=certificate,
        tls_key_file=key,
        most_connections_per_address=5,
        head_timeout_seconds=5,
    )
    rest = Client(service.wait_until_it_listens().replace("http:", "https:"), authority=certificate)
    eventually(lambda: rest.get(MOVERS).status == 200)
    silent = [connect(rest, host="127.0.0.2") for _ in range(5)]
    nonsense = connect(rest, host="127.0.0.3", sends=PING)
    assert ended(connect(rest, host="127.0.0.2"))
    assert lists(rest)
    assert all(map(ended, silent))
    assert nonsense.recv(4096)[:1] in {b"", b"\x15"}  # a TLS alert, or nothing
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    with context.wrap_socket(connect(rest, host="127.0.0.2")) as secured:
        assert answers(secured)


def test_tokens_that_cost_a_lot_lock_no_other_address_out(
    served: World, rest_services: RestServices, connect: Connect
) -> None:
    rest = rest_services(highest_bcrypt_cost=14)
    assert rest.get(MOVERS).status == 200
    for number in range(80):  # each takes a second
        dear = token(f"wrong {number}").replace("$04$", "$14$")
        sends = f"GET {MOVERS} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {dear}\r\n\r\n".encode()
        connect(rest, host=f"127.0.0.{2 + number % 4}", sends=sends)
    newcomer = Client(rest.url, token(cost=5))
    answer = newcomer.get(MOVERS)
    assert answer.status == 200, answer
    assert rest.get(MOVERS).status == 200
    rest_services.started[0].kill()  # the other hashes would take a minute


@pytest.mark.parametrize(
    ("trusted", "connections", "cost", "statuses"),
    [
        ("127.0.0.0/8", 10, 14, {200}),
        ("10.0.0.0/8", 100, 16, {429}),  # no place comes free before the others have asked
    ],
)
def test_a_proxy_is_believed_about_its_clients_and_nobody_else_is(
    served: World, rest_services: RestServices, trusted: str, connections: int, cost: int, statuses: set[int]
) -> None:
    rest = rest_services(highest_bcrypt_cost=16, trusted_proxies=trusted, most_connections_per_address=connections)

    def ask(number: int, sent: str) -> int:
        headers = {"X-Auth-Token": sent, "X-Forwarded-For": f"203.0.113.9, 198.51.100.{number}"}
        return rest.send("GET", MOVERS, headers=headers).status

    dear = [token(f"wrong {number}").replace("$04$", f"${cost}$") for number in range(20)]
    with ThreadPoolExecutor(len(dear)) as threads:
        asked = [threads.submit(ask, 1, each) for each in dear]
        eventually(lambda: any(each.done() and each.result() == 429 for each in asked))  # its part is full
        answered = {threads.submit(ask, number, token(cost=5)).result() for number in (2, 3)}
        rest_services.started[0].kill()
    assert answered == statuses


def test_nobody_fills_the_log(served: World, rest_services: RestServices, connect: Connect) -> None:
    rest = rest_services(log_level="info", most_connections_per_address=1000)
    log = rest_services.started[0].log
    before = len(log.read_text().splitlines())
    for number in range(200):
        assert connect(rest, sends=b"nonsense\r\n\r\n").recv(4096).startswith(b"HTTP/1.1 400 ")
        connect(rest, sends=b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").recv(1)
        rest.send("POST", f"/nowhere/{number}", b"{}", headers={})
    assert lists(rest)
    written = log.read_text().splitlines()[before:]
    assert len(written) <= 20, written[:20]


@pytest.mark.parametrize(
    "request_line", [b"nonsense\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\r\n\r\n"]
)
def test_what_is_no_http_is_refused(
    served: World, rest_services: RestServices, connect: Connect, request_line: bytes
) -> None:
    rest = rest_services()
    assert connect(rest, sends=request_line).recv(4096).startswith(b"HTTP/1.1 400 ")
    assert lists(rest)


def test_the_page_loads_nothing_from_elsewhere(served: World, rest_services: RestServices) -> None:
    rest = rest_services()
    page = rest.send("GET", "/docs", headers={})
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    linked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert {each for each in linked if "//" in each} == set()
    for each in linked:
        for encoding in ("identity", "gzip"):
            asset = rest.send("GET", f"/{each}", headers={"Accept-Encoding": encoding})
            assert asset.status == 200, each
            assert asset.headers.get("content-encoding", "identity") == encoding or each == "openapi.json"
    again = rest.send("GET", "/docs", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("path", "scheme"), [("/api/storages/s3/", "Token"), ("/api/v1/sync", "Bearer")], ids=["label-studio", "sync"]
)
def test_the_facades_take_no_more_than_the_first(
    world: World, facade_services: RestServices, connect: Connect, path: str, scheme: str
) -> None:
    account = {"namespace": world.namespace}
    world.grant_all(labelStudio={**account, "default": {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}}}, syncApi=account)
    limits = {"largest_body_bytes": 2048, "body_timeout_seconds": 3, "log_level": "info"}
    rest = Client(facade_services.start(**{**facade_services.all_facades, **limits}).url)
    log = facade_services.started[0].log
    key = {"Authorization": f"{scheme} {NAMED_KEY}"}
    before = len(log.read_text().splitlines())

    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {scheme} {NAMED_KEY}\r\nContent-Length: 100\r\n\r\n{{"
    assert connect(rest, sends=head.encode()).recv(4096).startswith(b"HTTP/1.1 408 ")
    hostile = {
        b'{"x": "' + b"x" * 4096 + b'"}': 413,
        b"[" * 2000: 400,
        b'{"project": ' + b"9" * 2000 + b"}": 400,
        b'{"project": 1, "bucket": NaN}': 400,
        b'{"project": 1, "bucket": "\\ud800/../x\\r\\ny"}': 400,
        b'{"source": {"type": "s3", "url": "s3://\\u0000"}}': 400,
        b"\xff\xfe": 400,
    }
    assert {body: rest.send("POST", path, body, headers=key).status for body in hostile} == hostile
    form = {**key, "Content-Type": "application/x-www-form-urlencoded"}
    assert rest.send("POST", path, b"a=1&" * 500, headers=form).status in {400, 415}
    for number in range(50):
        wrong = {"Authorization": f"{scheme} wrong-{number}\xff"}
        assert rest.send("GET", f"{path}?project=1&{number}", headers=wrong).status == 401
        assert rest.send("GET", f"{path.rstrip('/')}/%0aforged%2f..%2f{number}", headers=key).status == 404
    assert rest.send("GET", f"{path}?project=1", headers=key).status == 200
    assert world.list("DataMover") == []
    written = log.read_text().splitlines()[before:]
    assert len(written) <= 20, written[:20]
    assert not any("forged" in line or "Traceback" in line for line in written), written
