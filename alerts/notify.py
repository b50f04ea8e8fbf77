"""Tells the channels about incidents: first into the outbox, then out; never lost to a receiver's outage.

incidents -> notify -> outbox -> deliver -> channel
                                   | RetryableError: later, twice as long each time, a day at most
                                   | PermanentError: given up, counted
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from alerts.channels import Channel
from alerts.incidents import Incident, document
from alerts.outbox import Outbox, Waiting
from conversation.errors import PermanentError, RetryableError


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one notification: `sent`, `postponed` or `dropped`, and why."""

    channel: str
    incident: str
    result: str
    reason: str = ""


class Notifier:
    """Keeps notifications until each channel took them.

    Args:
        channels: Where incidents go; names are unique.
        outbox: Where they wait.
        now_ns: The clock, Unix nanoseconds.
        on_result: Called with channel and result, for the counter `floorline_notifications_total`.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        outbox: Outbox,
        now_ns: Callable[[], int],
        on_result: Callable[[str, str], None] = lambda _channel, _result: None,
    ) -> None:
        self._channels = {channel.name: channel for channel in channels}
        self._outbox = outbox
        self._now_ns = now_ns
        self._on_result = on_result

    def notify(self, incidents: Iterable[Incident]) -> None:
        """Keep a notification of each incident for each channel; `deliver` sends them."""
        for incident in incidents:
            for name in self._channels:
                for dropped in self._outbox.put(name, document(incident), self._now_ns()):
                    self._on_result(dropped.channel, "dropped")

    def deliver(self) -> list[Delivery]:
        """Try everything that is due, once. Later news of an incident waits for earlier news of it."""
        done: list[Delivery] = []
        held: set[tuple[str, str]] = set()
        now_ns = self._now_ns()
        for waiting in self._outbox.waiting():
            key = (waiting.channel, str(waiting.document.get("id")))
            if key in held or waiting.due_ns > now_ns:
                held.add(key)
                continue
            delivery = self._attempt(waiting)
            if delivery.result == "postponed":
                held.add(key)
            self._on_result(delivery.channel, delivery.result)
            done.append(delivery)
        return done

    def _attempt(self, waiting: Waiting) -> Delivery:
        incident = str(waiting.document.get("id"))
        channel = self._channels.get(waiting.channel)
        if channel is None:
            self._outbox.remove(waiting)
            return Delivery(waiting.channel, incident, "dropped", "this channel is not configured any more")
        try:
            channel.send(waiting.document)
        except RetryableError as error:
            kept = self._outbox.postpone(waiting, self._now_ns(), error.retry_after_seconds)
            return Delivery(waiting.channel, incident, "postponed" if kept else "dropped", str(error))
        except PermanentError as error:
            self._outbox.remove(waiting)
            return Delivery(waiting.channel, incident, "dropped", str(error))
        self._outbox.remove(waiting)
        return Delivery(waiting.channel, incident, "sent")
