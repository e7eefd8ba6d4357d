"""Settings from flags and variables: precedence, help, and one line for each wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from datamover_operator.process.command_line import load
from datamover_operator.process.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def test_without_anything_the_documented_defaults_hold() -> None:
    settings = load([], {})
    assert settings.namespaces == ()
    assert settings.settling_seconds == 60
    assert settings.cluster_id is None
    assert settings.lease is True


def test_a_flag_wins_over_its_variable_and_a_variable_over_the_default() -> None:
    environ = {"DATAMOVER_WORKERS": "9", "DATAMOVER_AWS_THREADS": "7", "DATAMOVER_LEASE": "false"}
    settings = load(["--workers", "8", "--http-port=0"], environ)
    assert (settings.workers, settings.aws_threads, settings.lease, settings.http_port) == (8, 7, False, 0)


def test_the_limits_of_aws_calls_are_the_settings() -> None:
    limits = load(["--aws-rate", "5", "--aws-call-timeout-seconds", "3", "--settling-seconds", "4"], {}).limits
    assert (limits.rate, limits.call_timeout, limits.threads) == (5, 3, 24)


@pytest.mark.parametrize(("given", "expected"), [("a", ("a",)), (" a , b-c,", ("a", "b-c")), ("", ())])
def test_namespaces_are_separated_by_commas(given: str, expected: tuple[str, ...]) -> None:
    assert load([], {"DATAMOVER_NAMESPACES": given}).namespaces == expected
    assert load(["--namespaces", given], {}).namespaces == expected


def test_variables_of_kubernetes_and_empty_ones_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAMOVER_WORKERS", "3")  # the process's own environment is not the one that was given
    environ = {"DATAMOVER_API_PORT": "tcp://10.0.0.1:80", "DATAMOVER_CLUSTER_ID": "", "DATAMOVER_WORKERS": ""}
    settings = load([], environ)
    assert (settings.cluster_id, settings.workers) == (None, 64)


@pytest.mark.parametrize(
    ("argv", "environ", "line"),
    [
        ([], {"DATAMOVER_WORKERS": "many"}, "DATAMOVER_WORKERS=many: must be a whole number from 1 to 1000"),
        (["--workers", "0"], {}, "--workers 0: must be a whole number from 1 to 1000"),
        (["--aws-rate", "nan"], {}, "--aws-rate nan: must be a number from 0.1 to 10000"),
        (["--aws-rate", "inf"], {}, "--aws-rate inf: must be a number from 0.1 to 10000"),
        ([], {"DATAMOVER_LOG_FORMAT": "xml"}, "DATAMOVER_LOG_FORMAT=xml: must be json or console"),
        ([], {"DATAMOVER_LEASE": "maybe"}, "DATAMOVER_LEASE=maybe: must be true or false"),
        (
            [],
            {"DATAMOVER_NAMESPACES": "team-a,Team_B"},
            "DATAMOVER_NAMESPACES=team-a,Team_B: must be names of namespaces, separated by commas",
        ),
        (
            [],
            {"DATAMOVER_NAMESPACES": ","},
            "DATAMOVER_NAMESPACES=,: must be names of namespaces, separated by commas",
        ),
        ([], {"DATAMOVER_WORKERS": "1\n2"}, r"DATAMOVER_WORKERS='1\n2': must be a whole number from 1 to 1000"),
        (
            [],
            {"DATAMOVER_HTTP_HOST": "no host"},
            "DATAMOVER_HTTP_HOST=no host: must be an IP address or a host name",
        ),
        ([], {"DATAMOVER_AWS_RATE": "nan"}, "DATAMOVER_AWS_RATE=nan: must be a number from 0.1 to 10000"),
        (
            [],
            {"DATAMOVER_CLUSTER_ID": "a/b"},
            "DATAMOVER_CLUSTER_ID=a/b: must be 1 to 64 characters of A-Z, a-z, 0-9, '.', '_' and '-'",
        ),
        (
            ["--lease-name", "-x"],
            {},
            "argument --lease-name: expected one argument; datamover-operator --help lists all flags",
        ),
        (
            ["--lease-name=-x"],
            {},
            (
                "--lease-name -x: must be a Kubernetes name: at most 63 characters of a-z, 0-9 and -, "
                "neither starting nor ending with -"
            ),
        ),
        (["--work", "1"], {}, "unrecognized arguments: --work 1; datamover-operator --help lists all flags"),
        (
            [],
            {"DATAMOVER_SETTLING_SECONDS": "45"},
            (
                "DATAMOVER_SETTLING_SECONDS=45: must be more than 45, the longest an AWS call may take "
                "(DATAMOVER_AWS_CALL_TIMEOUT_SECONDS)"
            ),
        ),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_2(
    argv: Sequence[str], environ: Mapping[str, str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        load(argv, environ)
    assert end.value.code == 2
    assert capsys.readouterr().err == f"datamover-operator: {line}\n"


def test_two_wrong_settings_are_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load([], {"DATAMOVER_WORKERS": "x", "DATAMOVER_HTTP_PORT": "70000"})
    assert [line.split(":")[1].strip() for line in capsys.readouterr().err.splitlines()] == [
        "DATAMOVER_WORKERS=x",
        "DATAMOVER_HTTP_PORT=70000",
    ]


def test_help_names_every_setting_with_its_variable_its_meaning_and_its_default(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        load(["--help"], {})
    assert end.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for name, field in Settings.model_fields.items():
        assert f"--{name.replace('_', '-')} VALUE" in text
        assert f"[{PREFIX}{name.upper()}]" in text
        assert field.description
        assert field.description in text
    assert text.count("Default: ") == text.count("Accepted: ") == len(Settings.model_fields)


def test_every_default_is_accepted_when_it_is_written_out() -> None:
    environ = {}
    for name, field in Settings.model_fields.items():
        if field.default not in (None, ()):
            environ[PREFIX + name.upper()] = str(field.default)
    assert load([], environ) == load([], {})
