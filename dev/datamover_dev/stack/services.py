"""The whole local stack: control plane with our CRDs, emulator, operator."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from datamover_dev.controlplane.binaries import Binaries
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.errors import SetupError
from datamover_dev.paths import CRDS
from datamover_dev.processes import Managed
from datamover_dev.stack.emulator import start_emulator
from datamover_dev.stack.environment import aws_environment, without_foreign_settings
from datamover_dev.stack.operator import Operator

OPERATOR_NAMESPACE = "datamover-system"
RESTART_DELAY = 1.0
"""Seconds before an operator that ended is started again."""


class Stack:
    """Everything that is needed to apply a DataMover and see its files moved. Use as a context manager.

    Logs and data are in `folder`; `data_root` holds the emulator's file systems as folders.
    """

    def __init__(
        self, folder: Path, *, say: Callable[[str], None], operator_settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Prepare; `say` is told about each step, `operator_settings` are DATAMOVER_* variables."""
        self.folder = folder.resolve()
        self.data_root = self.folder / "data"
        self.control_plane = ControlPlane(self.folder / "control-plane", crds=CRDS)
        self.endpoint = ""
        self._say = say
        self._operator_settings = {"DATAMOVER_OPERATOR_NAMESPACE": OPERATOR_NAMESPACE, **operator_settings}
        self._running = ExitStack()
        self._children: list[Managed] = []

    def __enter__(self) -> Self:
        """Start everything; return when all is ready.

        Raises:
            SetupError: a part does not start.
        """
        with ExitStack() as started:
            self._running = started
            self._step("etcd, kube-apiserver, kube-controller-manager", self._start_control_plane)
            self._step("datasync-emulator", self._start_emulator)
            self._step("datamover-operator", self._start_operator)
            self._running = started.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop everything, the operator first."""
        self._running.close()

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that lead every client to this stack."""
        return {
            "KUBECONFIG": str(self.control_plane.kubeconfig),
            **aws_environment(self.endpoint),
            "EMULATOR_DATA_ROOT": str(self.data_root),
        }

    @property
    def programs(self) -> Binaries:
        """What a person types to use it."""
        return self.control_plane.binaries

    def wait(self) -> None:
        """Keep the stack up until a signal ends this process. An operator that ends is started again, as in a cluster.

        Raises:
            SetupError: another part ended.
        """
        while True:
            time.sleep(RESTART_DELAY)
            for child in self._children:
                if child.exit_code is not None and child is not self._operator:
                    raise SetupError(f"{child.name} ended with {child.exit_code}. The end of its log:\n{child.tail()}")
            if self._operator.exit_code is not None:
                self._step(
                    f"datamover-operator again, for it ended with {self._operator.exit_code}", self._start_operator
                )

    def _step(self, name: str, start: Callable[[], None]) -> None:
        started = time.monotonic()
        start()
        self._say(f"  {name:<48}{time.monotonic() - started:5.1f} s")

    def _start_control_plane(self) -> None:
        self._running.enter_context(self.control_plane)
        self.control_plane.kubectl("create", "namespace", OPERATOR_NAMESPACE)

    def _start_emulator(self) -> None:
        emulator, self.endpoint = start_emulator(self.folder, environment=without_foreign_settings(os.environ))
        self._children.append(emulator)
        self._running.callback(emulator.terminate)

    def _start_operator(self) -> None:
        environment = without_foreign_settings(os.environ) | self.variables | self._operator_settings
        self._operator = Operator(log=self.folder / "operator.log", environment=environment)
        self._running.callback(self._operator.terminate)
        self._operator.wait_until_ready()
