"""The ways in which a call can fail, or be the operator's last."""

from __future__ import annotations

import pytest

from tests.faults.conftest import CALL_TIMEOUT

KILLS = [
    pytest.param("before", True, id="before"),
    pytest.param("before", False, id="in"),
    pytest.param("after", True, id="after"),
]
"""Where the call is held when the operator is killed, and whether its connection is dropped then."""

OFTEN = 4
"""More failures in a row than one call's own repetitions bear."""

THROTTLED = {"error": {"code": "ThrottlingException", "message": "Rate exceeded"}}
INTERNAL = {"error": {"code": "InternalFailure", "message": "Sorry", "status": 500}}
INTERNAL_WITH_EFFECT = {"error": INTERNAL["error"] | {"effect": True}}
LOST_REQUEST = {"drop": "before"}
LOST_REPLY = {"drop": "after"}
TIMEOUT = {"delayMs": int((CALL_TIMEOUT + 0.5) * 1000)}

FAILURES = [
    pytest.param(LOST_REQUEST, OFTEN, id="lost-request"),
    pytest.param(LOST_REPLY, 1, id="lost-reply"),
    pytest.param(TIMEOUT, 1, id="timeout"),
    pytest.param(THROTTLED, OFTEN, id="throttled"),
    pytest.param(INTERNAL, OFTEN, id="500"),
    pytest.param(INTERNAL_WITH_EFFECT, 1, id="500-with-effect"),
]
"""How a call fails, and how often in a row: one that has had its effect is not sent again."""
