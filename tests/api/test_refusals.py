"""What clients are told of an action that failed."""

from __future__ import annotations

import pytest

from datamover_api.actions.outcomes import ActionError, NotDoneError, UnknownOutcomeError
from datamover_api.http.answers import RefusalError
from datamover_api.legacy.refusals import in_old_words


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (NotDoneError("nobody took it up"), "the datasync mover task was not started: nobody took it up"),
        (UnknownOutcomeError("the task may have been started"), "the task may have been started"),
        (UnknownOutcomeError("the stop is not confirmed yet"), "the stop is not confirmed yet"),
    ],
)
def test_only_what_was_not_started_is_said_not_to_be(error: ActionError, text: str) -> None:
    with pytest.raises(RefusalError) as told, in_old_words():
        raise error
    assert (told.value.status, told.value.message) == (500, text)
