"""What every facade is made of: the mirror, the actions, the limits, and what the service says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from datamover_api.actions.movers import Movers
from datamover_api.actions.runs import Runs
from datamover_api.actions.writer import Writer
from datamover_api.http.bodies import BodyLimits
from datamover_api.metrics import Metrics
from datamover_api.mirror.mirror import Mirror
from datamover_api.settings import Settings
from datamover_common.kube.client import KubeClient


@dataclass(frozen=True, slots=True)
class Context:
    """Shared by the facades of one process."""

    settings: Settings
    client: KubeClient
    mirror: Mirror
    writer: Writer
    movers: Movers
    runs: Runs
    limits: BodyLimits
    metrics: Metrics
    version: Mapping[str, str]
    ending: asyncio.Event
    """Set when the service is to end: answers that have no end of their own end then."""
