"""Builds the validators of all kinds when it is imported: what is forked afterwards has them."""

from __future__ import annotations

from datamover_crds.definitions import DEFINITIONS

for definition in DEFINITIONS:
    definition.model.model_rebuild()
