"""Lets faults hold or fail executions as they enter a state."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from datasync_emulator.dataplane import CopyFailed
from datasync_emulator.executions.record import CANCELLING, Execution
from datasync_emulator.faults import Fault, Faults

_LOOK_AGAIN = 0.05


@dataclass(frozen=True)
class FaultGate:
    """Implements executions.runner.Gate."""

    faults: Faults

    def pass_through(self, execution: Execution) -> None:
        """Block, wait or fail as a fault on the present state says; a cancel ends the wait, but for CANCELLING."""
        fault = self.faults.for_state(execution.status, execution.caller.account, execution.caller.region)
        if fault is None:
            return
        match fault.rule.action, fault.rule.value:
            case "error", spec:
                raise CopyFailed(spec["code"], spec.get("message", "Injected by a fault."))
            case "delayMs", milliseconds:
                execution.cancel.wait(milliseconds / 1000)
            case _:
                _hold(fault, execution)


def _hold(fault: Fault, execution: Execution) -> None:
    never = threading.Event()
    stop = never if execution.status == CANCELLING else execution.cancel
    with fault.holding() as released:
        while not stop.is_set() and not _done(released):
            pass


def _done(released: Future[str]) -> bool:
    return bool(wait([released], timeout=_LOOK_AGAIN, return_when=FIRST_COMPLETED).done)
