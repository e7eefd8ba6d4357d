"""Puts the emulator together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import get_args

from moto.moto_api._internal.models import moto_api_backend

from datasync_emulator.access.checks import Access
from datasync_emulator.catalogue.agents import Agents
from datasync_emulator.catalogue.location_operations import Locations
from datasync_emulator.catalogue.locations import LocationSpec
from datasync_emulator.catalogue.records import Agent
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.catalogue.tags import Tags
from datasync_emulator.catalogue.task_health import TaskHealth
from datasync_emulator.catalogue.task_watch import TaskWatch
from datasync_emulator.catalogue.tasks import Tasks
from datasync_emulator.clock import MovableClock
from datasync_emulator.control import PREFIX, Control
from datasync_emulator.dispatcher import Dispatcher
from datasync_emulator.executions import cron
from datasync_emulator.executions.jobs import Jobs
from datasync_emulator.executions.manifests import Manifests
from datasync_emulator.executions.operations import Executions
from datasync_emulator.executions.record import Execution
from datasync_emulator.executions.runner import Runner
from datasync_emulator.executions.schedules import Schedules
from datasync_emulator.executions.store import ExecutionStore
from datasync_emulator.faults import Faults
from datasync_emulator.file_systems import FileSystems
from datasync_emulator.gate import FaultGate
from datasync_emulator.journal import Journal
from datasync_emulator.messages import Caller, HttpRequest, Reply
from datasync_emulator.moto_services.app import MotoApp, MotoServiceName
from datasync_emulator.moto_services.events import EventPublisher
from datasync_emulator.moto_services.logs import LogWriter
from datasync_emulator.moto_services.queues import QueueService
from datasync_emulator.moto_services.service import MotoService
from datasync_emulator.moto_services.state import MotoBuckets, MotoIam, account_of
from datasync_emulator.protocol.departures import depart, of_own_account
from datasync_emulator.protocol.service import Handler, ModelService, load_model
from datasync_emulator.reporting.recorder import Recorders
from datasync_emulator.server import listening
from datasync_emulator.settings import Settings
from datasync_emulator.tagging import Tagging

_S3_THREADS = 2
_SCHEDULE_INTERVAL = 0.5


class Emulator:
    """One emulator's parts, wired."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop) -> None:
        """Build everything; nothing listens yet."""
        self.settings = settings
        self.clock = MovableClock()
        self.journal = Journal(settings.journal_limit)
        self.faults = Faults()
        self.catalogue = Catalogue(_random_hex)
        self.publish = EventPublisher(loop, self.clock)
        self.store = ExecutionStore(self.catalogue, settings.max_queued)
        buckets = MotoBuckets()
        file_systems = FileSystems(settings.data_root, settings.create_file_systems)
        self.access = Access(MotoIam(), buckets, file_systems, timedelta(seconds=settings.iam_delay))
        self.agents = Agents(self.catalogue, self._agent_changed)
        health = TaskHealth(self.catalogue, self.agents, file_systems.unreachable)
        self.tasks = Tasks(
            self.catalogue,
            self.store,
            health,
            self.access,
            cron.check,
            settings.max_tasks,
            timedelta(seconds=settings.task_delay),
        )
        self.task_watch = TaskWatch(self.catalogue, self.tasks.status, self.publish)
        self.runner = Runner(
            self.store,
            self.clock,
            Jobs(file_systems, buckets, settings.object_storage, Manifests(buckets, self.access)),
            Recorders(self.clock, buckets, self.access.check_report, LogWriter(loop), _random_hex),
            self._agents_online,
            FaultGate(self.faults),
            self._announce,
            settings.state_delay,
            settings.copy_slots,
        )
        self.executions = Executions(self.catalogue, self.store, self.access, self.tasks, self.runner)
        self.schedules = Schedules(self.catalogue, self.clock, self.executions.start)
        self.s3_threads = ThreadPoolExecutor(_S3_THREADS, thread_name_prefix="s3")
        self.dispatcher = Dispatcher(self._services(), account_of, self.clock, self.journal, self.faults)
        self.control = Control(self.journal, self.faults, self.clock, self.agents, self.reset)

    async def handle(self, request: HttpRequest) -> Reply | None:
        """Answer one request, whoever it is for."""
        if request.path.startswith(PREFIX):
            return self.control.answer(request)
        return await self.dispatcher.handle(request)

    def reset(self) -> None:
        """Forget everything but the files under the data root; executions under way are cancelled."""
        self.faults.clear()
        self.store.clear()
        self.catalogue.clear()
        self.journal.clear()
        self.clock.reset()
        moto_api_backend.reset()

    async def keep_schedules(self) -> None:
        """Start what is due, for ever."""
        while True:
            self.schedules.tick()
            self.task_watch.look_for_changes(self.clock())
            await asyncio.sleep(_SCHEDULE_INTERVAL)

    async def close(self) -> None:
        """Stop the executions and wait for all threads."""
        self.faults.clear()
        await asyncio.to_thread(self.runner.close)
        await asyncio.to_thread(self.s3_threads.shutdown)

    def _announce(self, execution: Execution) -> None:
        """Publish an execution's state, and its task's where that has changed with it."""
        caller = replace(execution.caller, now=self.clock())
        self.publish(caller, "Task Execution", execution.arn, execution.status)
        self.task_watch.look_at(caller, execution.task.arn)

    def _services(self) -> dict[str, ModelService | MotoService]:
        moto = MotoApp(get_args(MotoServiceName))
        tagging = Tagging(self.catalogue).handlers()
        return {
            **{name: MotoService(name, moto) for name in get_args(MotoServiceName)},
            "s3": MotoService("s3", moto, self.s3_threads),
            "sqs": QueueService("sqs", moto),
            "datasync": ModelService(load_model("datasync"), self._operations(), depart),
            "tagging": ModelService(load_model("resourcegroupstaggingapi"), tagging),
        }

    def _operations(self) -> dict[str, Handler]:
        locations = Locations(self.catalogue, self._check_location)
        parts = (self.agents, locations, self.tasks, self.executions, Tags(self.catalogue))
        return {name: of_own_account(handler) for part in parts for name, handler in part.handlers().items()}

    def _check_location(self, caller: Caller, spec: LocationSpec) -> None:
        self.agents.check(caller, spec.agent_arns)
        self.access.check_location(caller, spec)

    def _agent_changed(self, caller: Caller, agent: Agent) -> None:
        self.publish(caller, "Agent", agent.arn, "ONLINE" if agent.online else "OFFLINE")
        self.task_watch.look_at_all(caller)

    def _agents_online(self, execution: Execution) -> bool:
        known = self.catalogue.realm(execution.caller).agents
        return all(arn not in known or known[arn].online for arn in execution.agents)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[str]:
    """Run an emulator until the block is left; gives its endpoint."""
    emulator = Emulator(settings, asyncio.get_running_loop())
    schedules = asyncio.create_task(emulator.keep_schedules())
    try:
        async with listening(emulator.handle, settings.host, settings.port) as endpoint:
            yield endpoint
    finally:
        schedules.cancel()
        await asyncio.wait([schedules])
        await emulator.close()


def _random_hex(digits: int) -> str:
    return os.urandom((digits + 1) // 2).hex()[:digits]
