"""The protobuf wire format, as far as ingest writes and walks it, driven by the descriptors of the OTLP messages.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5
_TYPE_BITS: Final = 3
_MORE: Final = 0x80


class Kind(Enum):
    """How a field's value is written."""

    MESSAGE = "message"
    STRING = "string"
    BYTES = "bytes"
    BOOL = "bool"
    ENUM = "enum"
    INT = "int"  # int32, int64, uint32, uint64: two's complement varint
    ZIGZAG = "zigzag"  # sint32, sint64
    FIXED = "fixed"  # fixed64, sfixed64, fixed32
    DOUBLE = "double"


_KINDS: Final = {
    FieldDescriptor.TYPE_MESSAGE: (Kind.MESSAGE, LENGTH),
    FieldDescriptor.TYPE_STRING: (Kind.STRING, LENGTH),
    FieldDescriptor.TYPE_BYTES: (Kind.BYTES, LENGTH),
    FieldDescriptor.TYPE_BOOL: (Kind.BOOL, VARINT),
    FieldDescriptor.TYPE_ENUM: (Kind.ENUM, VARINT),
    FieldDescriptor.TYPE_INT32: (Kind.INT, VARINT),
    FieldDescriptor.TYPE_INT64: (Kind.INT, VARINT),
    FieldDescriptor.TYPE_UINT32: (Kind.INT, VARINT),
    FieldDescriptor.TYPE_UINT64: (Kind.INT, VARINT),
    FieldDescriptor.TYPE_SINT32: (Kind.ZIGZAG, VARINT),
    FieldDescriptor.TYPE_SINT64: (Kind.ZIGZAG, VARINT),
    FieldDescriptor.TYPE_FIXED64: (Kind.FIXED, FIXED64),
    FieldDescriptor.TYPE_SFIXED64: (Kind.FIXED, FIXED64),
    FieldDescriptor.TYPE_FIXED32: (Kind.FIXED, FIXED32),
    FieldDescriptor.TYPE_DOUBLE: (Kind.DOUBLE, FIXED64),
}


_NARROW: Final = frozenset(
    {FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_ENUM}
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message type.

    Attributes:
        number: As in the schema.
        name: As in the schema, snake_case.
        json_name: As in OTLP/JSON, lowerCamelCase.
        kind: How a value is written.
        tag: The bytes before a value; for a packed repeated field those of the packed form.
        repeated: Whether it may occur more than once.
        packed: Whether repeated values share one length-prefixed field.
        message: Type of an embedded message; None for other kinds.
        bits: 32 or 64 for numbers.
        signed: Whether a number may be negative.
        enum_names: Numbers of an enum by name; empty for other kinds.
    """

    number: int
    name: str
    json_name: str
    kind: Kind
    tag: bytes
    repeated: bool
    packed: bool
    message: Descriptor | None
    bits: int
    signed: bool
    enum_names: Mapping[str, int]


@cache
def fields(descriptor: Descriptor) -> dict[int, Field]:
    """The fields of a message type by number."""
    return {f.number: _field(f) for f in descriptor.fields}


@cache
def json_fields(descriptor: Descriptor) -> dict[str, Field]:
    """The fields of a message type by JSON name."""
    return {f.json_name: f for f in fields(descriptor).values()}


def varint(number: int) -> bytes:
    """A number of 0 or more as varint."""
    if number < _MORE:
        return number.to_bytes(1, "little")
    out = bytearray()
    while number >= _MORE:
        out.append(number & (_MORE - 1) | _MORE)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The varint at an offset of checked data, and the offset after it."""
    byte = data[at]
    if byte < _MORE:
        return byte, at + 1
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & (_MORE - 1)) << shift
        if byte < _MORE:
            return number, at
        shift += 7


def _field(f: FieldDescriptor) -> Field:
    kind, wire_type = _KINDS[f.type]
    packed = bool(f.is_packed)
    tag = varint(f.number << _TYPE_BITS | (LENGTH if packed else wire_type))
    bits = 32 if f.cpp_type in _NARROW else 64
    signed = f.cpp_type not in {FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64}
    names = {value.name: value.number for value in f.enum_type.values} if f.enum_type is not None else {}
    return Field(
        f.number, f.name, f.json_name, kind, tag, bool(f.is_repeated), packed, f.message_type, bits, signed, names
    )
