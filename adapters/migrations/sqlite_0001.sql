-- Format 1: UUIDs as 16-byte blobs, instants as microseconds since the epoch.
CREATE TABLE ledgers (
    id blob PRIMARY KEY,
    number text NOT NULL,
    name text NOT NULL,
    synthetic integer NOT NULL
) STRICT, WITHOUT ROWID;;

CREATE TABLE head (
    ledger blob PRIMARY KEY REFERENCES ledgers (id),
    position integer NOT NULL,
    recorded_at integer NOT NULL,
    peaks blob NOT NULL
) STRICT, WITHOUT ROWID;;

CREATE TABLE events (
    ledger blob NOT NULL,
    position integer NOT NULL,
    event_id blob NOT NULL,
    stream_id blob NOT NULL,
    stream_version integer NOT NULL,
    name text NOT NULL,
    schema_version integer NOT NULL,
    recorded_at integer NOT NULL,
    key_id blob NOT NULL,
    skeleton blob NOT NULL,
    leaf blob NOT NULL,
    PRIMARY KEY (ledger, position)
) STRICT, WITHOUT ROWID;;

CREATE UNIQUE INDEX events_by_stream ON events (ledger, stream_id, stream_version);;

CREATE UNIQUE INDEX events_by_id ON events (ledger, event_id);;

CREATE TABLE parts (
    ledger blob NOT NULL,
    position integer NOT NULL,
    n integer NOT NULL,
    key_id blob NOT NULL,
    ciphertext blob NOT NULL,
    PRIMARY KEY (ledger, position, n)
) STRICT, WITHOUT ROWID;;

CREATE TABLE commands (
    ledger blob NOT NULL,
    client text NOT NULL,
    key text NOT NULL,
    digest blob NOT NULL,
    first integer NOT NULL,
    last integer NOT NULL,
    PRIMARY KEY (ledger, client, key)
) STRICT, WITHOUT ROWID;;

CREATE TABLE claims (
    ledger blob NOT NULL,
    kind text NOT NULL,
    digest blob NOT NULL,
    stream blob NOT NULL,
    PRIMARY KEY (ledger, kind, digest)
) STRICT, WITHOUT ROWID;;

CREATE TRIGGER events_stand BEFORE UPDATE ON events
BEGIN SELECT raise(ABORT, 'events are never changed'); END;;

CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'events are never deleted'); END;;

CREATE TRIGGER parts_stand BEFORE UPDATE ON parts
BEGIN SELECT raise(ABORT, 'parts are never changed'); END;;

CREATE TRIGGER parts_stay BEFORE DELETE ON parts
BEGIN SELECT raise(ABORT, 'parts are never deleted'); END;;
