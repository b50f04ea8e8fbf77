"""The demo's customers: what each says, turn by turn. Made from a seed, so a demo can be repeated exactly."""

from __future__ import annotations

import random
from dataclasses import dataclass

from service.demo.shop import Shop

_STREETS = ("Oak Avenue", "Harbour Street", "Mill Lane", "Station Road", "Rose Garden", "Kings Quay")
_CITIES = (("Uppsala", "75310"), ("Utrecht", "3511"), ("Bologna", "40121"), ("Hamburg", "20095"), ("Maribor", "2000"))
_GREETINGS = ("Hi,", "Hello,", "Good morning,", "Hi there,")
_YES = ("Yes, please.", "Yes, go ahead.", "Sure, please do.", "Okay, go ahead please.")
_THANKS = ("Thanks a lot!", "Great, thank you. Bye!", "Thanks, have a great day!")
_MIX = {"refund": 40, "address": 28, "status": 12, "returns": 12, "gift_card": 8}


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer's visit: who, what for, and the lines said whatever the agent answers."""

    user_id: str
    intent: str
    lines: tuple[str, ...]


def _refund(choose: random.Random, shop: Shop, number: int) -> tuple[str, tuple[str, ...]]:
    customer_id = f"C-{201 + number}"
    order_id = f"N-{1040 + 2 * number}"
    customer, order = shop.customers[customer_id], shop.orders[order_id]
    items = order["items"]
    names = [str(item["name"]) for item in (items if isinstance(items, list) else []) if isinstance(item, dict)]
    item = choose.choice(names)
    opening = choose.choice(
        (
            f"I'd like a refund for the {item} from order {order_id}. My e-mail is {customer['email']}.",
            f"the {item} in my order {order_id} does not fit. Can I get my money back? I'm {customer['email']}.",
            f"I want to send back the {item}, order {order_id}. Please refund it. My e-mail: {customer['email']}.",
        )
    )
    lines = [f"{choose.choice(_GREETINGS)} {opening}", f"My postcode is {customer['postcode']}."]
    return customer_id, (*lines, choose.choice(_YES), choose.choice(_THANKS))


def _address(choose: random.Random, shop: Shop, number: int) -> tuple[str, tuple[str, ...]]:
    customer_id = f"C-{201 + number}"
    order_id = f"N-{1041 + 2 * number}"
    customer = shop.customers[customer_id]
    city, code = choose.choice(_CITIES)
    house = choose.randint(2, 60)
    street = choose.choice(_STREETS)
    lines = [
        (
            f"{choose.choice(_GREETINGS)} I've moved! Please send order {order_id} to {street} {house}, {code} {city}. "
            f"My e-mail is {customer['email']}."
        ),
        f"My postcode is {customer['postcode']}.",
    ]
    if choose.random() < 0.4:  # noqa: PLR2004 - a share of customers who correct themselves
        lines.append(f"Sorry, I meant number {house + 10}.")
    return customer_id, (*lines, choose.choice(_YES), choose.choice(_THANKS))


def visit(choose: random.Random, shop: Shop) -> Customer:
    """One visit, drawn from `choose`."""
    intent = choose.choices(list(_MIX), list(_MIX.values()))[0]
    number = choose.randrange(len(shop.customers))
    if intent == "refund":
        return Customer(*_with_intent(_refund(choose, shop, number), intent))
    if intent == "address":
        return Customer(*_with_intent(_address(choose, shop, number), intent))
    customer_id = f"C-{201 + number}"
    order_id = f"N-{1040 + 2 * number + choose.randint(0, 1)}"
    lines = {
        "status": (f"{choose.choice(_GREETINGS)} where is my order {order_id}?", choose.choice(_THANKS)),
        "returns": ("Hello!", "How long do I have to return something I bought?", choose.choice(_THANKS)),
        "gift_card": (f"{choose.choice(_GREETINGS)} can I return a gift card?", choose.choice(_THANKS)),
    }[intent]
    return Customer(customer_id, intent, lines)


def _with_intent(made: tuple[str, tuple[str, ...]], intent: str) -> tuple[str, str, tuple[str, ...]]:
    return made[0], intent, made[1]
