"""An event filter with the real controllers, and neither an API server nor an AWS behind it."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Any, cast
from unittest import mock

from datamover_common.kube.client import KubeClient
from datamover_operator.aws.access import Accounts
from datamover_operator.controller.context import Caches, Clock, Context, Key
from datamover_operator.controller.event_filter import EventFilter
from datamover_operator.controller.registry import Registry
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.controllers import Adapters, register_all
from datamover_operator.kube.events import Events
from datamover_operator.kube.writer import Writer
from datamover_operator.notifications.sending import WebhookSender
from datamover_operator.postgres.ports import Databases
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings


def event_filter_of(caches: Caches, queue: WorkQueue[Key], metrics: Metrics | None = None) -> EventFilter:
    """Fills these."""
    client, registry = cast("KubeClient", mock.Mock()), Registry()
    event_filter = EventFilter(caches, queue, registry)
    metrics, clock = metrics or Metrics(), Clock(lambda: datetime.now(UTC), time.monotonic)
    context = Context(
        settings=Settings(lease=False),
        instance="operator-1",
        cluster_id="cluster-1",
        clock=clock,
        caches=caches,
        queue=queue,
        writer=Writer(client, event_filter, metrics),
        events=Events(client, "operator-1", clock.now, metrics),
        metrics=metrics,
        rng=random.Random(1),  # noqa: S311 - names passes
    )
    accounts, databases = cast("Accounts", mock.Mock()), cast("Databases", mock.Mock())
    webhooks = cast("WebhookSender", mock.Mock())
    register_all(registry, context, client, Adapters(accounts, databases, webhooks))
    return event_filter


def context_without_servers(caches: Caches, queue: WorkQueue[Key], metrics: Metrics, settings: Settings) -> Context:
    """For jobs that neither write nor tell anything; their clock ticks for nobody."""
    return Context(
        settings=settings,
        instance="i",
        cluster_id="c",
        clock=Clock(now=lambda: datetime.now(UTC), tick=lambda: 0.0),
        caches=caches,
        queue=queue,
        writer=cast("Any", None),
        events=cast("Any", None),
        metrics=metrics,
        rng=random.Random(0),  # noqa: S311 - nothing is drawn
    )
