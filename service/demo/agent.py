"""The shop's support agent: scripted, so that it needs no language model, in a good, a bad and a fixed release.

`respond` is a plain callable over chat messages and a way to call tools; the same function serves the demo's traffic
and `floorline replay --agent demo:1.1`. It keeps no state: what it knows it reads from the messages each time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from conversation.errors import UsageError
from conversation.model import JSON

CallTool = Callable[[str, dict[str, JSON]], JSON]
ChatMessage = dict[str, JSON]

# A promoted conversation may carry a placeholder where an address stood.
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]*\w|<email:\w+>")
_ORDER = re.compile(r"\bN-\d{4}\b")
_POSTCODE = re.compile(r"post ?code(?: is|:)? (\w+)", re.IGNORECASE)
_ADDRESS = re.compile(r"\bto ([A-Z][\w. ]*? \d+), (\w+) ([A-Z]\w+)")
_NEW_NUMBER = re.compile(r"(?:I meant|make that|should be) (?:house )?number (\d+)", re.IGNORECASE)
_REFUND = re.compile(r"\b(refund|money back|send (?:it|them) back)\b", re.IGNORECASE)
_MOVED = re.compile(r"\b(moved|new address|deliver(?:ed)? to|send it to)\b", re.IGNORECASE)
_YES = re.compile(r"^\s*(yes|yep|sure|ok|okay|go ahead|please do|correct)\b", re.IGNORECASE)
_THANKS = re.compile(r"\b(thanks|thank you|bye|great day)\b", re.IGNORECASE)
_RETURNS = re.compile(r"\b(how long|return (?:policy|window)|can i (?:still )?return)\b", re.IGNORECASE)
_GIFT_CARD = re.compile(r"\bgift card\b", re.IGNORECASE)
_STATUS = re.compile(r"\b(where is|status|on its way|been sent)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Release:
    """What a release of the agent does right or wrong.

    Attributes:
        version: As it is reported in traces.
        verifies_first: Checks the customer's identity before a refund.
        refunds_item_price: Refunds the returned item, not the whole order.
        uses_new_address: Writes the address the customer gave, not the one on file.
        tool_seconds: Typical seconds of one tool call.
    """

    version: str
    verifies_first: bool = True
    refunds_item_price: bool = True
    uses_new_address: bool = True
    tool_seconds: float = 0.2


RELEASES = {
    "1.0": Release("1.0"),
    "1.1": Release("1.1", verifies_first=False, refunds_item_price=False, uses_new_address=False, tool_seconds=2.9),
    "1.2": Release("1.2"),
}


@dataclass
class _Known:
    """What the messages so far say."""

    last: str = ""
    goal: str = ""
    email: str = ""
    postcode: str = ""
    order_id: str = ""
    address: dict[str, JSON] = field(default_factory=dict)
    asked_to_confirm: bool = False
    results: dict[str, JSON] = field(default_factory=dict)
    said: str = ""


def _goal(text: str) -> str:
    if _MOVED.search(text):
        return "address"
    if _REFUND.search(text):
        return "refund"
    return "status" if _STATUS.search(text) else ""


def _listen(known: _Known, text: str) -> None:
    known.last, known.said = text, f"{known.said} {text}"
    known.goal = known.goal or _goal(text)
    if email := _EMAIL.search(text):
        known.email = email.group().lower()
    if order := _ORDER.search(text):
        known.order_id = order.group()
    if postcode := _POSTCODE.search(text):
        known.postcode = postcode.group(1)
    if address := _ADDRESS.search(text):
        street, code, city = address.groups()
        known.address = {"street": street, "city": city, "postcode": code}
    if number := _NEW_NUMBER.search(text):
        street = str(known.address.get("street", ""))
        known.address["street"] = re.sub(r"\d+$", number.group(1), street)


def _parsed(content: JSON) -> JSON:
    if not isinstance(content, str):
        return content
    try:
        value: JSON = json.loads(content)
    except ValueError:
        return content
    return value


def _understand(messages: Sequence[ChatMessage]) -> _Known:
    known = _Known()
    names: dict[str, str] = {}
    for message in messages:
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else []:
            if isinstance(call, dict):
                function = call.get("function", call)
                if isinstance(function, dict):
                    names[str(call.get("id"))] = str(function.get("name"))
        if message["role"] == "user":
            _listen(known, str(message.get("content") or ""))
        elif message["role"] == "tool":
            name = str(message.get("name") or names.get(str(message.get("tool_call_id")), ""))
            known.results[name] = _parsed(message.get("content"))
        elif message["role"] == "assistant" and message.get("content"):
            known.asked_to_confirm = "Shall I go ahead" in str(message["content"])
    return known


class ShopAgent:
    """One release of the support agent."""

    def __init__(self, version: str) -> None:
        if version not in RELEASES:
            raise UsageError(f"the demo shop has no release {version!r}; choose one of {', '.join(RELEASES)}")
        self.release = RELEASES[version]

    def respond(self, messages: Sequence[ChatMessage], call_tool: CallTool) -> str:
        """The reply to the last user message; tools run through `call_tool` on the way."""
        known = _understand(messages)
        results = known.results

        def look(name: str, **arguments: JSON) -> dict[str, JSON]:
            if name not in results:
                results[name] = call_tool(name, arguments)
            found = results[name]
            return found if isinstance(found, dict) else {}

        if _THANKS.search(known.last) and not known.asked_to_confirm:
            return "You're welcome! Have a lovely day."
        if _RETURNS.search(known.last):
            return self._explain_returns(known)
        if not known.goal:
            return "Hello, and welcome to Nordlys Outfitters! What can I do for you today?"
        if not known.order_id or (known.goal != "status" and not known.email):
            return "Of course. Could you give me your e-mail address and the order number, please?"
        if known.goal == "status":
            order = look("lookup_order", order_id=known.order_id)
            return f"Your order {known.order_id} is {order.get('status', 'not in our records')} at the moment."
        return self._change(known, look, call_tool)

    @staticmethod
    def _explain_returns(known: _Known) -> str:
        if _GIFT_CARD.search(known.last):
            return "I'm sorry, gift cards cannot be returned or refunded; that is part of our return policy."
        return "You can return items within 30 days of delivery. Underwear and gift cards are excluded."

    def _change(self, known: _Known, look: Callable[..., dict[str, JSON]], call_tool: CallTool) -> str:
        customer = look("lookup_customer", email=known.email)
        if "error" in customer:
            return "I cannot find a customer with that e-mail address. Could you check it for me?"
        if self.release.verifies_first or known.goal != "refund":
            if not known.postcode:
                return "Thank you. To verify that it's you, what is the postcode we have on file?"
            checked = look("verify_identity", customer_id=customer["customer_id"], postcode=known.postcode)
            if not checked.get("verified"):
                return "I'm sorry, that postcode does not match our records, so I am not allowed to change anything."
        order = look("lookup_order", order_id=known.order_id)
        if "error" in order:
            return f"I cannot find an order {known.order_id}. Could you check the number for me?"
        if known.goal == "refund":
            return self._refund(known, order, look, call_tool)
        return self._move(known, order, call_tool)

    def _refund(
        self, known: _Known, order: dict[str, JSON], look: Callable[..., dict[str, JSON]], call_tool: CallTool
    ) -> str:
        items = order["items"]
        wanted = [
            item
            for item in (items if isinstance(items, list) else [])
            if isinstance(item, dict) and str(item["name"]).lower() in known.said.lower()
        ]
        if not wanted:
            return "Which of the items in this order would you like to return?"
        item = wanted[-1]
        look("check_return_policy", sku=item["sku"])
        if not (known.asked_to_confirm and _YES.search(known.last)):
            return (
                f"I found it: {item['name']} from order {known.order_id}, {item['price']:.2f} euros. I would refund "
                f"{item['price']:.2f} euros to {order['payment_method_id']}. Shall I go ahead?"
            )
        refund = call_tool(
            "process_refund",
            {
                "order_id": known.order_id,
                "sku": item["sku"],
                "amount": item["price"] if self.release.refunds_item_price else order["total"],
                "payment_method_id": order["payment_method_id"],
            },
        )
        number = refund.get("refund_id") if isinstance(refund, dict) else None
        return f"Done. Refund {number} for the {item['name']} is on its way to you."

    def _move(self, known: _Known, order: dict[str, JSON], call_tool: CallTool) -> str:
        if not known.address:
            return "What is the new address? Please give me street, postcode and city."
        if order["status"] != "packing":
            return "I'm sorry, this order has already been delivered, so its address can no longer be changed."
        new = known.address
        if not (known.asked_to_confirm and _YES.search(known.last)):
            return (
                f"I would send order {known.order_id} to {new['street']}, {new['postcode']} {new['city']} instead. "
                "Shall I go ahead?"
            )
        on_file = order["delivery_address"]
        address = new if self.release.uses_new_address or not isinstance(on_file, dict) else on_file
        call_tool("update_address", {"order_id": known.order_id, **address})
        return f"Done. Order {known.order_id} will be sent to your new address."
