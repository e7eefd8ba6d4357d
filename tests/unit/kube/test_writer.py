"""The operator's writes wait for each other, but a run's for no mover's."""

from __future__ import annotations

import asyncio
from collections import Counter

from aiohttp import web

from datamover_common.fairness import Urgency
from datamover_common.turns import urgency
from datamover_crds import JsonObject
from datamover_operator.controller.context import AnyKind
from datamover_operator.kube.writer import Writer
from datamover_operator.movers.kind import MOVER
from datamover_operator.process.metrics import Metrics
from datamover_operator.runs.kind import RUN
from tests.support.api_server import api_server, client_of
from tests.support.waiting import eventually_async


class Nobody:
    def expect(self, kind: AnyKind, raw: JsonObject) -> None:
        pass

    def wrote(self, kind: AnyKind, raw: JsonObject) -> None:
        pass

    def found(self, kind: AnyKind, raw: JsonObject) -> None:
        pass

    def gone(self, kind: AnyKind, namespace: str, name: str) -> None:
        pass


async def test_a_run_is_written_though_the_writes_of_hundreds_of_movers_hang() -> None:
    asked: Counter[str] = Counter()

    async def answer(request: web.BaseRequest) -> web.Response:
        plural = request.path.split("/")[-2]
        asked[plural] += 1
        if plural == MOVER.type.plural:
            await asyncio.Event().wait()
        return web.json_response({"kind": "Status", "status": "Success"})

    async with api_server(answer) as host, client_of(host) as client:
        writer = Writer(client, Nobody(), Metrics())

        async def delete(kind: AnyKind, name: str, how_urgent: Urgency) -> None:
            urgency.set(how_urgent)
            await writer.delete(kind, "team-a", name, "u")

        movers = [asyncio.create_task(delete(MOVER, f"m-{number}", Urgency.CHANGE)) for number in range(200)]

        async def hang() -> bool:
            return asked[MOVER.type.plural] > 0

        await eventually_async(hang, what="movers' writes that hang")
        await asyncio.wait_for(asyncio.create_task(delete(RUN, "r", Urgency.RUN)), 20)
        assert asked[RUN.type.plural] == 1
        for each in movers:
            each.cancel()
        await asyncio.gather(*movers, return_exceptions=True)
