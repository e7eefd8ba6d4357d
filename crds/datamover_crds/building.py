"""Builds what reads and writes each model, before there is an event loop that it would hold up."""

from collections.abc import Iterator

from datamover_crds.common import Model


def build_models() -> None:
    """Build those that were put off until their first use: 0.2 s for all of them."""
    for model in _under(Model):
        model.model_rebuild()


def _under(model: type[Model]) -> Iterator[type[Model]]:
    for each in model.__subclasses__():
        yield each
        yield from _under(each)
