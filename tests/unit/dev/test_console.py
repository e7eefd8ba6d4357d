"""A line that advances is calm in a log file and alive on a terminal."""

from __future__ import annotations

import io

from datamover_dev.console import LiveLine


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_log_file_gets_only_the_lines_that_stay() -> None:
    stream = io.StringIO()
    with LiveLine(stream) as line:
        for percent in range(100):
            line.update(f"{percent} %")
        line.say("done")
    assert stream.getvalue() == "done\n"


def test_a_terminal_gets_each_update_and_ends_on_an_empty_line() -> None:
    stream = Terminal()
    with LiveLine(stream) as line:
        line.update("1 %")
        line.update("2 %")
    assert stream.getvalue() == "\r\x1b[K1 %\r\x1b[K2 %\r\x1b[K"
