"""Nordlys Outfitters, a made-up shop: its customers, orders and the tools its support agent may call."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from conversation.model import JSON

SYSTEM_PROMPT = (
    "You are the support agent of Nordlys Outfitters. Verify who the customer is (e-mail and postcode) before you "
    "refund anything or change an address. Look the order up before you promise anything. Refund the price of the "
    "returned item, never more. List the details of a refund or an address change and wait for a yes. Items can be "
    "returned within 30 days of delivery; underwear and gift cards cannot be returned."
)


def _tool(name: str, description: str, **properties: Mapping[str, JSON]) -> dict[str, JSON]:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {
                "type": "object",
                "properties": {key: dict(value) for key, value in properties.items()},
                "required": list(properties),
                "additionalProperties": False,
            },
        },
    }


def _text(description: str, pattern: str | None = None) -> dict[str, JSON]:
    schema: dict[str, JSON] = {"type": "string", "description": description}
    if pattern:
        schema["pattern"] = pattern
    return schema


_ORDER_ID = _text("The order, such as 'N-1042'.", "^N-[0-9]{4}$")

TOOLS: tuple[dict[str, JSON], ...] = (
    _tool("lookup_customer", "Find a customer by e-mail address.", email=_text("The customer's e-mail address.")),
    _tool(
        "verify_identity",
        "Check that the caller is the customer.",
        customer_id=_text("The customer, such as 'C-201'."),
        postcode=_text("The postcode the caller gave."),
    ),
    _tool("lookup_order", "Show an order with its items, prices and delivery address.", order_id=_ORDER_ID),
    _tool(
        "check_return_policy", "Whether and how long an item can be returned.", sku=_text("The item, such as 'JKT-3'.")
    ),
    _tool(
        "update_address",
        "Change the delivery address of an order that has not been sent.",
        order_id=_ORDER_ID,
        street=_text("Street and house number."),
        city=_text("City."),
        postcode=_text("Postcode."),
    ),
    _tool(
        "process_refund",
        "Refund an item to the payment method of the order.",
        order_id=_ORDER_ID,
        sku=_text("The item to refund."),
        amount={"type": "number", "minimum": 0, "description": "Amount in euros."},
        payment_method_id=_text("Where the money goes."),
    ),
)

_CUSTOMERS = (
    ("C-201", "Anna Lindqvist", "anna.lindqvist@example.com", "11122", "Birch Street 4", "Stockholm", "card_4417"),
    ("C-202", "Bram de Vries", "bram.devries@example.com", "1017", "Canal Road 88", "Amsterdam", "card_9021"),
    ("C-203", "Chiara Rossi", "chiara.rossi@example.com", "20121", "Via Verdi 12", "Milan", "paypal_5530"),
    ("C-204", "David Okafor", "david.okafor@example.com", "10115", "Lindenweg 7", "Berlin", "card_7765"),
    ("C-205", "Emma Novak", "emma.novak@example.com", "1000", "Castle Lane 21", "Ljubljana", "card_3308"),
    ("C-206", "Farid Haddad", "farid.haddad@example.com", "69002", "Rue Carnot 15", "Lyon", "paypal_8142"),
)

_ITEMS = (
    ("JKT-3", "rain jacket", 89.0),
    ("SHO-7", "trail shoes", 119.5),
    ("SCF-2", "wool scarf", 31.0),
    ("BAG-5", "day pack", 64.9),
    ("HAT-1", "felt hat", 42.0),
    ("TNT-9", "two-person tent", 249.0),
)


@dataclass
class Shop:
    """The shop's records. Each conversation gets its own copy, so that a replay starts from the same state."""

    customers: dict[str, dict[str, JSON]] = field(default_factory=dict)
    orders: dict[str, dict[str, JSON]] = field(default_factory=dict)
    refunds: list[dict[str, JSON]] = field(default_factory=list)

    def call(self, name: str, arguments: Mapping[str, JSON]) -> JSON:
        """Run a tool. A refused call is a result with an `error` text, as a web service would answer."""
        tool: Callable[..., JSON] | None = getattr(self, f"_{name}", None)
        if tool is None:
            return {"error": f"no tool named {name}"}
        try:
            return tool(**arguments)
        except TypeError:
            return {"error": f"{name} does not take these arguments: {', '.join(sorted(arguments))}"}

    def _lookup_customer(self, email: str) -> JSON:
        for customer in self.customers.values():
            if customer["email"] == email.lower():
                return {key: customer[key] for key in ("customer_id", "name", "email")}
        return {"error": "no customer with this e-mail address"}

    def _verify_identity(self, customer_id: str, postcode: str) -> JSON:
        customer = self.customers.get(customer_id)
        return {"customer_id": customer_id, "verified": bool(customer and customer["postcode"] == postcode)}

    def _lookup_order(self, order_id: str) -> JSON:
        return deepcopy(self.orders.get(order_id)) or {"error": f"no order {order_id}"}

    def _check_return_policy(self, sku: str) -> JSON:
        return {"sku": sku, "returnable": not sku.startswith("GFT"), "days": 30}

    def _update_address(self, order_id: str, street: str, city: str, postcode: str) -> JSON:
        order = self.orders.get(order_id)
        if order is None:
            return {"error": f"no order {order_id}"}
        order["delivery_address"] = {"street": street, "city": city, "postcode": postcode}
        return {"order_id": order_id, "status": "address updated", "delivery_address": order["delivery_address"]}

    def _process_refund(self, order_id: str, sku: str, amount: float, payment_method_id: str) -> JSON:
        if order_id not in self.orders:
            return {"error": f"no order {order_id}"}
        refund: dict[str, JSON] = {
            "refund_id": f"R-{3100 + len(self.refunds) + int(order_id[2:])}",
            "order_id": order_id,
            "sku": sku,
            "amount": amount,
            "payment_method_id": payment_method_id,
            "status": "accepted",
        }
        self.refunds.append(refund)
        return dict(refund)


def open_shop() -> Shop:
    """A shop with its six customers and two orders each: one delivered, one not yet sent."""
    shop = Shop()
    for number, (customer_id, name, email, postcode, street, city, payment) in enumerate(_CUSTOMERS):
        address: dict[str, JSON] = {"street": street, "city": city, "postcode": postcode}
        shop.customers[customer_id] = {
            "customer_id": customer_id,
            "name": name,
            "email": email,
            "postcode": postcode,
            "address": address,
        }
        for part, status in enumerate(("delivered", "packing")):
            order_id = f"N-{1040 + 2 * number + part}"
            chosen = list(itertools.islice(itertools.cycle(_ITEMS), number + part, number + part + 2))
            items: list[JSON] = [{"sku": sku, "name": title, "price": price} for sku, title, price in chosen]
            shop.orders[order_id] = {
                "order_id": order_id,
                "customer_id": customer_id,
                "status": status,
                "items": items,
                "total": round(sum(price for _, _, price in chosen), 2),
                "payment_method_id": payment,
                "delivery_address": dict(address),
            }
    return shop
