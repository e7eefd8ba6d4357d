"""From the command line and the environment to settings: flags, help, and one line for each wrong setting."""

from __future__ import annotations

import argparse
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, NoReturn, TypeVar, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource

from datamover_common.settings import ProgramSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

S = TypeVar("S", bound=ProgramSettings)
_FLAGS = "[--flag VALUE ...]"
_PASSWORD = re.compile("//[^/@]*@")
"""The user and the password in a URL."""
DISTRIBUTION = "datamover-operator"
"""The package that all programs are in."""


class CommandLine(Generic[S]):
    """Reads a program's settings; a setting's variable is its name in capitals after the settings' `env_prefix`."""

    def __init__(
        self,
        program: str,
        description: str,
        settings: type[S],
        headings: Mapping[str, str],
        usage: Sequence[str] = (_FLAGS,),
    ) -> None:
        """Make the parser.

        `headings` has a title for each group of settings, by the first one in it; `usage` lists the forms of the
        command, without the program's name.
        """
        self.program = program
        self._settings = settings
        self._parser = _Parser(
            prog=program,
            usage="\n       ".join(f"{program} {form}" for form in usage),
            description=f"{description} Each flag can also be given as an environment variable; the flag wins.",
            allow_abbrev=False,
        )
        self._parser.add_argument("--version", action="version", version=f"{program} {version(DISTRIBUTION)}")
        add = self._parser.add_argument
        for name, field in settings.model_fields.items():
            if name in headings:
                add = self._parser.add_argument_group(headings[name]).add_argument
            add(_flag(name), metavar="VALUE", help=self._help(name, field))

    def load(self, argv: Sequence[str], environ: Mapping[str, str]) -> S:
        """Return the settings from flags (`--http-port 80`) and, where a flag is missing, from the environment.

        Raises:
            SystemExit: with 0 after `--help` and `--version`; with 2 after one line for each wrong setting.
        """
        given = {name: value for name, value in vars(self._parser.parse_args(argv)).items() if value is not None}
        values = {**_Environment(self._settings, environ)(), **given}
        try:
            return self._settings(**values)
        except ValidationError as error:
            for details in error.errors():
                complain(self.program, self._line(details, values, given))
            raise SystemExit(2) from None

    def _line(self, details: ErrorDetails, values: Mapping[str, object], flags: Mapping[str, object]) -> str:
        if not details["loc"]:
            return details["msg"].removeprefix("Value error, ")
        name = str(details["loc"][0])
        value = _PASSWORD.sub("//***@", str(values.get(name, "")))
        shown = value if value.isprintable() else repr(value)
        where = f"{_flag(name)} {shown}" if name in flags else f"{self._variable(name)}={shown}"
        return f"{where}: must be {_accepted(self._settings.model_fields[name])}"

    def _help(self, name: str, field: FieldInfo) -> str:
        default = "none, it has to be given" if field.is_required() else field.default
        shown = {True: "true", False: "false", (): "empty", None: "none"}.get(default, default)
        text = f"{field.description} Accepted: {_accepted(field)}. Default: {shown}. [{self._variable(name)}]"
        return text.replace("%", "%%")

    def _variable(self, name: str) -> str:
        return self._settings.model_config.get("env_prefix", "") + name.upper()


def complain(program: str, line: str) -> None:
    """Write one line to standard error, after the program's name."""
    sys.stderr.write(f"{program}: {line}\n")


class _Parser(argparse.ArgumentParser):
    """Complains in one line, like every other wrong setting."""

    def error(self, message: str) -> NoReturn:
        complain(self.prog, f"{message}; {self.prog} --help lists all flags")
        raise SystemExit(2)


class _Environment(EnvSettingsSource):
    """pydantic-settings' own reading of variables, from a given environment instead of the process's."""

    def __init__(self, settings: type[BaseSettings], environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items() if value}


def _accepted(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "accepted" in extra:
        return str(extra["accepted"])
    if Path in {field.annotation, *get_args(field.annotation)}:
        return "the path of a file"
    if get_origin(field.annotation) is Literal:
        return " or ".join(get_args(field.annotation))
    if field.annotation is bool:
        return "true or false"
    least = next(bound.ge for bound in field.metadata if isinstance(bound, Ge))
    most = next(bound.le for bound in field.metadata if isinstance(bound, Le))
    return f"{'a whole number' if field.annotation is int else 'a number'} from {least} to {most}"


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
