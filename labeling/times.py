"""Nanoseconds in JSON are decimal strings: an int64 does not fit the numbers of JavaScript and many JSON readers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainSerializer, WithJsonSchema

TimeNs = Annotated[
    int,
    Field(ge=-(2**63), lt=2**63),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": "^-?[0-9]{1,19}$"}),
]
