from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ingest.redact import Redactor, Rules, load_key
from tests.ingest.conftest import span_request

KEY = b"k" * 32
REDACTOR = Redactor(KEY)
DESCRIPTOR = ExportTraceServiceRequest.DESCRIPTOR

PERSONAL = {
    "email": ["ann.b+shop@example.co.uk", "ANN@EXAMPLE.ORG", "o'neil@mail-host.example"],
    "card": ["4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "378282246310005", "3782 822463 10005"],
    "ssn": ["123-45-6789"],
    "iban": [
        "DE89370400440532013000",
        "GB29 NWBK 6016 1331 9268 19",
        "NL91ABNA0417164300",
        "FR1420041010050500013M02606",
    ],
    "phone": [
        "+49 30 1234567",
        "+1 (555) 123-4567",
        "(555) 123-4567",
        "555-123-4567",
        "1-800-555-0199",
        "555.123.4567",
    ],
    "key": [
        "sk-proj-abcdefghijklmnop1234",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "xoxb-1234567890-abcdefghij",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    ],
}
HARMLESS = [
    "order #W2378156, item 1008292230 and product 9523456873",
    "flight HAT136 on 2024-05-16T10:30:00.123456Z",
    "at 1715850000000000000, or 1715850000123 ms, or 1715850000",
    "trace 5b8efff798038103d269b633813fc60c span eee19b7ec3c1b174",
    "550e8400-e29b-41d4-a716-446655440000",
    "payment_method credit_card_4421486, user mia_li_3668, reservation 4WQ150",
    "4111 1111 1111 1112 fails its check digit",
    "1.2.3.4:8080, version 10.2.33-45-6789, range 100-200-3000",
    "zip 19122-1234 and $1,234,567.89 for 12 345 678 items",
    "DE89370400440532013001 fails its checksum, AB12345678901234567 is none",
    "12-34-5678 and 2024-12-25-1234",
    "npm install left-pad@1.3.0 and @types/node, a bearer of good news",
    "[0.123456789012, -3.14159265358979, 1e-10]",
    "000-12-3456 and 666-12-3456 were never issued",
]


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in PERSONAL.items() for value in values])
@pytest.mark.parametrize("frame", ["{}", "see {}.", "({}), thanks", '{{"a": "{}"}}', "x: {}\nnext"])
def test_personal_values_become_placeholders_of_their_type(kind: str, value: str, frame: str) -> None:
    redacted = REDACTOR.text("p", frame.format(value))
    assert value not in redacted
    assert f"<{kind}:" in redacted
    head, _, tail = frame.partition("{}")
    assert redacted.startswith(head.replace("{{", "{")), redacted
    assert redacted.endswith(tail.replace("}}", "}")), redacted


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_and_names_of_daily_business_stay(text: str) -> None:
    assert REDACTOR.text("p", text) == text


def test_one_value_has_one_placeholder_in_a_project_however_it_is_written() -> None:
    card = {REDACTOR.text("p", text) for text in PERSONAL["card"][:2]}
    phone = {REDACTOR.text("p", text) for text in ("555-123-4567", "(555) 123-4567", "+1 555 123 4567")}
    mail = {REDACTOR.text("p", text) for text in ("Ann@Example.org", "ann@example.org")}
    assert [len(card), len(phone), len(mail)] == [1, 1, 1]
    assert REDACTOR.text("p", "ann@example.org") != REDACTOR.text("q", "ann@example.org")
    assert Redactor(b"x" * 32).text("p", "ann@example.org") != REDACTOR.text("p", "ann@example.org")


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


def test_json_stays_json_and_escapes_hide_nothing() -> None:
    inner = json.dumps({"mail": "\nann@example.org", "card": 4111111111111111, "quote": '"'})
    outer = json.dumps({"arguments": inner, "number": 4111111111111111, "list": [4111111111111111, 7]})
    redacted = json.loads(REDACTOR.text("p", outer))
    nested = json.loads(redacted["arguments"])
    email, card = REDACTOR.text("p", "ann@example.org"), REDACTOR.text("p", "4111111111111111")
    assert nested == {"mail": "\n" + email, "card": card, "quote": '"'}
    assert (redacted["number"], redacted["list"]) == (card, [card, 7])
    assert REDACTOR.text("p", r'{"m": "ann\u0040example.org"}') == json.dumps({"m": email})


@given(
    st.recursive(
        st.text(max_size=10), lambda inner: st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6
    ),
    st.integers(1, 3),
)
def test_a_mail_address_is_found_and_json_survives_at_any_depth_of_quoting(tree: object, depth: int) -> None:
    document: object = {"tree": tree, "to": "\tann@example.org\\"}
    for _ in range(depth):
        document = {"quoted": json.dumps(document)}
    value: object = json.loads(REDACTOR.text("p", json.dumps(document)))
    for _ in range(depth):
        assert isinstance(value, dict)
        value = json.loads(value["quoted"])
    assert isinstance(value, dict)
    assert value["to"] == "\t" + REDACTOR.text("p", "ann@example.org") + "\\"


def redact(redactor: Redactor, **attributes: str) -> tuple[dict[str, str], Counter[str]]:
    payload, found = redactor.redact("p", span_request(**attributes).SerializeToString(), DESCRIPTOR)
    span = ExportTraceServiceRequest.FromString(payload).resource_spans[0].scope_spans[0].spans[0]
    return {pair.key: pair.value.string_value for pair in span.attributes}, found


def test_a_body_without_a_hit_is_the_same_object() -> None:
    body = span_request(a="nothing personal").SerializeToString()
    payload, found = REDACTOR.redact("p", body, DESCRIPTOR)
    assert payload is body
    assert not found


def test_only_the_text_that_is_hit_changes_and_lengths_are_mended() -> None:
    attributes, found = redact(REDACTOR, a="x" * 300, b="mail ann@example.org " + "y" * 200, c="z")
    assert attributes["a"] == "x" * 300
    assert attributes["b"].startswith("mail <email:")
    assert attributes["b"].endswith("> " + "y" * 200)
    assert attributes["c"] == "z"
    assert found == {"email": 1}


def test_every_text_of_a_span_is_looked_at() -> None:
    request = span_request()
    span = request.resource_spans[0].scope_spans[0].spans[0]
    mail = "ann@example.org"
    span.name = span.status.message = mail
    span.events.add(name=mail).attributes.add(key="k").value.array_value.values.add().string_value = mail
    span.links.add().attributes.add(key="k").value.kvlist_value.values.add(key="x").value.bytes_value = mail.encode()
    request.resource_spans[0].resource.attributes.add(key="k").value.string_value = mail
    payload, found = REDACTOR.redact("p", request.SerializeToString() + b"\xc2\x3e\x0fann@example.org", DESCRIPTOR)
    assert b"example.org" not in payload
    assert found["email"] == 6
    ExportTraceServiceRequest.FromString(payload)


def test_secrets_are_known_by_the_name_of_their_field() -> None:
    attributes, found = redact(
        REDACTOR, password="hunter2", args=json.dumps({"password": "hunter2", "cvv": 123, "user": "u"}), word="password"
    )
    arguments = json.loads(attributes["args"])
    assert attributes["password"] == arguments["password"]
    assert attributes["password"].startswith("<secret:")
    assert arguments["cvv"].startswith("<secret:")
    assert (arguments["user"], attributes["word"]) == ("u", "password")
    assert found == {"secret": 3}


def test_rules_name_attributes_members_and_paths() -> None:
    rules = Rules(deny=("customer.note", "/card/number", "/items/*/sku"), allow=("contact.email", "/support/email"))
    redactor = Redactor(KEY, rules)
    mail = "ann@example.org"
    document = {"card": {"number": 42}, "items": [{"sku": "a"}], "support": {"email": mail}, "mine": mail, "n": 1.5}
    attributes, _ = redact(redactor, **{"customer.note": "plain", "contact.email": mail, "args": json.dumps(document)})
    arguments = json.loads(attributes["args"])
    assert attributes["customer.note"].startswith("<secret:")
    assert attributes["contact.email"] == mail
    assert arguments["card"]["number"].startswith("<secret:")
    assert arguments["items"][0]["sku"].startswith("<secret:")
    assert (arguments["support"]["email"], arguments["n"]) == (mail, 1.5)
    assert arguments["mine"].startswith("<email:")


def test_types_can_be_left_out() -> None:
    only_cards = Redactor(KEY, Rules(types=("card",)))
    assert only_cards.text("p", "ann@example.org password") == "ann@example.org password"
    assert "<card:" in only_cards.text("p", "4111111111111111")


@given(st.text(st.sampled_from('0123456789 -+()@.ab\\"n{}:,AKIA'), max_size=60))
def test_any_text_is_redacted_once_and_then_stays(text: str) -> None:
    once = REDACTOR.text("p", text)
    assert REDACTOR.text("p", once) == once


def test_the_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "redaction.key"
    first = load_key(path)
    assert (len(first), load_key(path), path.stat().st_mode & 0o777) == (32, first, 0o600)


@pytest.mark.shared
def test_conversations_of_shops_and_airlines_have_few_false_finds(shared_dir: Path) -> None:
    finds: Counter[str] = Counter()
    texts = 0
    for path in sorted((shared_dir / "conversations").glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as lines:
            for line, _ in zip(lines, range(60), strict=False):
                texts += 1
                for kind in ("card", "ssn", "iban", "phone", "key"):
                    finds[kind] += REDACTOR.text("p", line).count(f"<{kind}:")
    assert finds["card"] + finds["ssn"] + finds["iban"] + finds["key"] <= texts // 100, finds
