"""References to Secrets in the namespace of the object that names them."""

from typing import Annotated

from pydantic import Field

from datamover_crds.common import Model, ObjectName
from datamover_crds.words import Words

SecretKey = Annotated[
    str,
    Field(min_length=1, max_length=253, pattern="^[A-Za-z0-9._-]+$"),
    Words("must be a key in a Secret, such as password: letters, digits, -, _ and ."),
]


class SecretKeyRef(Model):
    """One key of a Secret in the same namespace."""

    name: ObjectName
    """The Secret's name."""
    key: SecretKey
    """The key in the Secret whose value is used."""
