"""Sealing: AES-256-GCM over an event's skeleton and parts.

Stored bytes = nonce(12) ‖ ciphertext ‖ tag(16); associated data = ledger(16) ‖ event_id(16) ‖ n(4, big-endian) ‖
key_id(16), so that no sealed text can be moved to another event, place, key or ledger. The skeleton is n = 0.
"""

import os
from collections.abc import Callable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class Unopenable(Exception):
    """Sealed bytes that are not what they say they are: changed, moved, or sealed under another key."""


class Key:
    """One data key. `nonces` is for golden vectors alone; a nonce must never come twice.

    The cipher is made at each use: that takes half a microsecond, and kept it takes three kilobytes of each of the
    keys a server remembers.
    """

    __slots__ = ("_key", "_nonces", "key_id")

    def __init__(self, key_id: UUID, key: bytes, nonces: Callable[[int], bytes] = os.urandom) -> None:
        self.key_id, self._key, self._nonces = key_id, key, nonces

    def seal(self, ledger: UUID, event_id: UUID, n: int, plaintext: bytes) -> bytes:
        """The bytes to store."""
        nonce = self._nonces(NONCE)
        return nonce + AESGCM(self._key).encrypt(nonce, plaintext, self._bound(ledger, event_id, n))

    def open(self, ledger: UUID, event_id: UUID, n: int, stored: bytes) -> bytes:
        """The plaintext of stored bytes. Raises Unopenable."""
        try:
            return AESGCM(self._key).decrypt(stored[:NONCE], stored[NONCE:], self._bound(ledger, event_id, n))
        except (InvalidTag, ValueError) as error:
            raise Unopenable(f"part {n} of event {event_id} does not open with its key") from error

    def _bound(self, ledger: UUID, event_id: UUID, n: int) -> bytes:
        return ledger.bytes + event_id.bytes + n.to_bytes(4, "big") + self.key_id.bytes
