"""Waiting for what is recorded: by threads of ours, and by the library's subscriptions."""

from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import Any

from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription


class Bell:
    """Wakes the threads that wait for events. A ring between looking and waiting is heard."""

    def __init__(self) -> None:
        self._condition = Condition()
        self.rings = 0

    def ring(self) -> None:
        """Something may have been recorded."""
        with self._condition:
            self.rings += 1
            self._condition.notify_all()

    def wait(self, heard: int, timeout: float) -> None:
        """Waits for a ring after the first `heard`, at most so many seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self.rings != heard, timeout)


class Subscription(ListenNotifySubscription[ApplicationRecorder]):
    """The library's subscription, woken by a recorder's `wait(after, timeout)`."""

    def __init__(
        self,
        recorder: ApplicationRecorder,
        gt: int | None,
        topics: Sequence[str],
        wait: Callable[[int, float], bool],
    ) -> None:
        super().__init__(recorder, gt, topics)
        self._wait = wait
        self._watcher = Thread(target=self._watch, daemon=True, name="subscription")
        self._watcher.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        super().__exit__(*args, **kwargs)
        self._watcher.join()

    def _watch(self) -> None:
        seen = 0
        try:
            while not self._has_been_stopped:
                if self._wait(seen, 0.2):
                    seen = self._recorder.max_notification_id() or 0
                    self._has_been_notified.set()
        except Exception as error:  # noqa: BLE001 - whoever iterates is told, as by the library itself
            self._thread_error = error
            self.stop()
