"""What the settings of every program have in common: where they come from, and how it logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

if TYPE_CHECKING:
    from pydantic_settings import PydanticBaseSettingsSource

LogFormat = Literal["json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]


def separated(value: object) -> object:
    """The parts of a text between commas."""
    if not isinstance(value, str):
        return value
    names = [part.strip() for part in value.split(",") if part.strip()]
    # Commas alone are a mistake, which must not widen "some" to "all".
    return names if names or not value.strip() else [value]


HostPatterns = Annotated[
    tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/*-]{1,253}$")], ...],
    NoDecode,
    BeforeValidator(separated),
]
"""Which hosts may be connected to, for a HostPolicy."""


class ProgramSettings(BaseSettings):
    """A program's settings; each program sets its `env_prefix`. Variables that name no setting are ignored.

    (Kubernetes itself puts variables such as `DATAMOVER_API_PORT` into pods, a set for each Service.)
    """

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="forbid")

    log_format: Annotated[LogFormat, Field(description="One JSON object per line, or text for people.")] = "json"
    log_level: Annotated[LogLevel, Field(description="The lowest level that is logged.")] = "info"

    @classmethod
    def settings_customise_sources(  # the signature is pydantic-settings'
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the caller alone: the command line hands over the flags and the environment."""
        return (init_settings,)
