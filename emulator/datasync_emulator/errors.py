"""The errors that the emulator's own services answer with."""

from __future__ import annotations


class ApiError(Exception):
    """A refusal: AWS's error code, HTTP status and message, and members beside the message."""

    def __init__(self, code: str, message: str, status: int = 400, **members: str) -> None:
        """Keep what the reply will show."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


def invalid_request(message: str) -> ApiError:
    """DataSync's answer to almost anything that it does not accept (API reference, Common to all actions)."""
    return ApiError("InvalidRequestException", message, errorCode="InvalidParameter")


def validation_error(message: str) -> ApiError:
    """A request outside the service model's constraints."""
    return ApiError("ValidationException", message)


def serialization_error(message: str) -> ApiError:
    """A body that is no JSON, or holds a value of another type than the model says."""
    return ApiError("SerializationException", message)


def unknown_operation(operation: str) -> ApiError:
    """An operation that the service does not have."""
    return ApiError("UnknownOperationException", f"The operation {operation or '(none)'} is not known to this service.")
