"""From the command line and the environment to `Settings`: flags, help, and one line for each wrong setting."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Literal, NoReturn, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from datamover_operator.process.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

PROGRAM = "datamover-operator"


def load(argv: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Return the settings from flags (`--workers 8`) and, where a flag is missing, from the environment.

    Raises:
        SystemExit: with 0 after `--help`; with 2 after one line on standard error for each wrong setting.
    """
    given = {name: value for name, value in vars(parser().parse_args(argv)).items() if value is not None}
    values = {**_Environment(environ)(), **given}
    try:
        return Settings(**values)
    except ValidationError as error:
        for details in error.errors():
            _complain(_line(details, values, flags=given))
        raise SystemExit(2) from None


def parser() -> argparse.ArgumentParser:
    """Return a parser that knows a flag for each setting, and whose help names the variables too."""
    made = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [run] [--flag VALUE ...]\n       {PROGRAM} import --help",
        description=(
            "A Kubernetes operator for AWS DataSync. Each flag can be given as a variable, too; a flag wins. "
            "'import' adopts what the older REST service made; it takes its settings from the variables."
        ),
        allow_abbrev=False,
    )
    for name, field in Settings.model_fields.items():
        made.add_argument(_flag(name), metavar="VALUE", help=_help(name, field))
    return made


class _Parser(argparse.ArgumentParser):
    """Complains in one line, like every other wrong setting."""

    def error(self, message: str) -> NoReturn:
        _complain(f"{message}; {PROGRAM} --help lists all flags")
        raise SystemExit(2)


class _Environment(EnvSettingsSource):
    """pydantic-settings' own reading of variables, from a given environment instead of the process's."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items() if value}


def _line(details: ErrorDetails, values: Mapping[str, object], *, flags: Mapping[str, object]) -> str:
    if not details["loc"]:
        return details["msg"].removeprefix("Value error, ")
    name = str(details["loc"][0])
    value = str(values[name])
    shown = value if value.isprintable() else repr(value)
    where = f"{_flag(name)} {shown}" if name in flags else f"{_variable(name)}={shown}"
    return f"{where}: must be {_accepted(Settings.model_fields[name])}"


def _help(name: str, field: FieldInfo) -> str:
    default = field.default
    shown = {True: "true", False: "false", (): "empty", None: "none"}.get(default, default)
    return f"{field.description} Accepted: {_accepted(field)}. Default: {shown}. [{_variable(name)}]".replace("%", "%%")


def _accepted(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "accepted" in extra:
        return str(extra["accepted"])
    if get_origin(field.annotation) is Literal:
        return " or ".join(get_args(field.annotation))
    if field.annotation is bool:
        return "true or false"
    least = next(bound.ge for bound in field.metadata if isinstance(bound, Ge))
    most = next(bound.le for bound in field.metadata if isinstance(bound, Le))
    return f"{'a whole number' if field.annotation is int else 'a number'} from {least} to {most}"


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _complain(line: str) -> None:
    sys.stderr.write(f"{PROGRAM}: {line}\n")
