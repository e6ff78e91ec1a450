-- Format 1. The owner runs this; the application's role may read the ledgers and append to them, nothing else.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'medvirkning_app') THEN
        CREATE ROLE medvirkning_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- roles belong to the cluster: another database of it was migrated at the same moment
END
$$;

CREATE SCHEMA ledger;
CREATE SCHEMA IF NOT EXISTS views;
CREATE SCHEMA IF NOT EXISTS access;

CREATE TABLE ledger.format (version integer PRIMARY KEY);

CREATE TABLE ledger.ledgers (
    id uuid PRIMARY KEY,
    number text NOT NULL,
    name text NOT NULL,
    synthetic boolean NOT NULL
);

CREATE TABLE ledger.head (
    ledger uuid PRIMARY KEY REFERENCES ledger.ledgers,
    position bigint NOT NULL,
    recorded_at bigint NOT NULL,
    peaks bytea NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE ledger.events (
    ledger uuid NOT NULL,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    stream_id uuid NOT NULL,
    stream_version bigint NOT NULL,
    name text NOT NULL,
    schema_version integer NOT NULL,
    recorded_at bigint NOT NULL,
    key_id uuid NOT NULL,
    skeleton bytea NOT NULL,
    leaf bytea NOT NULL,
    PRIMARY KEY (ledger, position),
    CONSTRAINT events_by_stream UNIQUE (ledger, stream_id, stream_version),
    CONSTRAINT events_by_id UNIQUE (ledger, event_id)
);

CREATE TABLE ledger.parts (
    ledger uuid NOT NULL,
    position bigint NOT NULL,
    n integer NOT NULL,
    key_id uuid NOT NULL,
    ciphertext bytea NOT NULL,
    PRIMARY KEY (ledger, position, n)
);

CREATE TABLE ledger.commands (
    ledger uuid NOT NULL,
    client text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (ledger, client, key)
);

CREATE TABLE ledger.claims (
    ledger uuid NOT NULL,
    kind text NOT NULL,
    digest bytea NOT NULL,
    stream uuid NOT NULL,
    PRIMARY KEY (ledger, kind, digest)
);

-- The leaf's hash; the same bytes as adapters/layout.py gives. STABLE, as convert_to is: only so is it inlined.
CREATE FUNCTION ledger.leaf(
    ledger uuid, "position" bigint, event_id uuid, stream_id uuid, stream_version bigint, name text,
    schema_version integer, recorded_at bigint, key_id uuid, skeleton bytea, part_count integer, part_bytes bytea
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(
        decode('0001', 'hex') || uuid_send($1) || int8send($2) || uuid_send($3) || uuid_send($4) || int8send($5)
        || int4send(octet_length(convert_to($6, 'UTF8'))) || convert_to($6, 'UTF8') || int4send($7)
        || int8send($8) || uuid_send($9) || sha256($10) || int4send($11) || $12
    )
$$;

-- One append, in one round trip. Returns the first position. Parts name their event by its place in the arrays, and
-- come in the order of their events and of n.
-- A number, name and synthetic make room for the ledger itself: it comes into being with its first event, or not at all.
-- Refusals: MV001 the command key has been used (detail: first and last position, digest in hex), MV002 a stream read
-- has moved on; the unique constraints claims_pkey, events_by_stream and events_by_id speak for themselves.
CREATE FUNCTION ledger.append(
    p_ledger uuid, p_clock bigint,
    p_events uuid[], p_streams uuid[], p_versions bigint[], p_names text[], p_schemas integer[], p_keys uuid[],
    p_skeletons bytea[],
    p_part_events integer[], p_part_ns integer[], p_part_keys uuid[], p_part_texts bytea[],
    p_client text, p_key text, p_digest bytea,
    p_read_streams uuid[], p_read_versions bigint[],
    p_claim_kinds text[], p_claim_digests bytea[], p_claim_streams uuid[],
    p_released_kinds text[], p_released_digests bytea[], p_released_streams uuid[],
    p_number text, p_name text, p_synthetic boolean
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_first bigint;
    v_last bigint;
    v_count bigint := cardinality(p_events);
    v_told bigint;
    v_peaks bytea;
    v_merged bigint;
    v_length integer;
    v_part integer := 1;
    v_parts integer;
    v_part_bytes bytea;
    v_leaf bytea;
    v_leaves bytea[] := '{}';
    v_used record;
BEGIN
    IF p_number IS NOT NULL THEN
        INSERT INTO ledgers VALUES (p_ledger, p_number, p_name, p_synthetic);
        INSERT INTO head VALUES (p_ledger, 0, 0, ''::bytea);
    END IF;

    SELECT position + 1, recorded_at + 1, peaks INTO STRICT v_first, v_told, v_peaks
      FROM head WHERE ledger = p_ledger FOR UPDATE;
    v_told := greatest(v_told, p_clock);
    v_last := v_first + v_count - 1;

    IF p_key IS NOT NULL THEN
        SELECT digest, first, last INTO v_used
          FROM commands WHERE ledger = p_ledger AND client = p_client AND key = p_key;
        IF FOUND THEN
            RAISE EXCEPTION 'command repeated' USING ERRCODE = 'MV001',
                DETAIL = format('%s %s %s', v_used.first, v_used.last, encode(v_used.digest, 'hex'));
        END IF;
    END IF;

    IF cardinality(p_read_streams) > 0 THEN
        PERFORM FROM unnest(p_read_streams, p_read_versions) AS r (stream, version)
          WHERE r.version <> coalesce(
            (SELECT max(stream_version) FROM events WHERE ledger = p_ledger AND stream_id = r.stream), 0);
        IF FOUND THEN
            RAISE EXCEPTION 'a stream has moved on' USING ERRCODE = 'MV002';
        END IF;
    END IF;

    IF cardinality(p_released_kinds) > 0 THEN
        DELETE FROM claims USING unnest(p_released_kinds, p_released_digests, p_released_streams)
          AS r (kind, digest, stream)
          WHERE claims.ledger = p_ledger AND claims.kind = r.kind AND claims.digest = r.digest
            AND claims.stream = r.stream;
    END IF;
    IF cardinality(p_claim_kinds) > 0 THEN
        INSERT INTO claims SELECT p_ledger, kind, digest, stream
          FROM unnest(p_claim_kinds, p_claim_digests, p_claim_streams) AS c (kind, digest, stream);
    END IF;

    IF cardinality(p_part_events) > 0 THEN
        INSERT INTO parts SELECT p_ledger, v_first + event - 1, n, key_id, ciphertext
          FROM unnest(p_part_events, p_part_ns, p_part_keys, p_part_texts) AS p (event, n, key_id, ciphertext);
    END IF;

    FOR v_at IN 1 .. v_count LOOP
        v_parts := 0;
        v_part_bytes := ''::bytea;
        WHILE p_part_events[v_part] = v_at LOOP
            v_part_bytes := v_part_bytes || int4send(p_part_ns[v_part]) || uuid_send(p_part_keys[v_part])
                || sha256(p_part_texts[v_part]);
            v_parts := v_parts + 1;
            v_part := v_part + 1;
        END LOOP;
        v_leaf := leaf(p_ledger, v_first + v_at - 1, p_events[v_at], p_streams[v_at], p_versions[v_at],
                       p_names[v_at], p_schemas[v_at], v_told + v_at - 1, p_keys[v_at], p_skeletons[v_at],
                       v_parts, v_part_bytes);
        v_leaves[v_at] := v_leaf;
        v_peaks := v_peaks || v_leaf;
        v_merged := v_first + v_at - 2;
        WHILE v_merged & 1 = 1 LOOP
            v_length := octet_length(v_peaks);
            v_peaks := substring(v_peaks FROM 1 FOR v_length - 64)
                || sha256(decode('01', 'hex') || substring(v_peaks FROM v_length - 63));
            v_merged := v_merged >> 1;
        END LOOP;
    END LOOP;
    IF v_part <= cardinality(p_part_events) THEN
        RAISE EXCEPTION 'parts must come in the order of their events';
    END IF;

    INSERT INTO events
    SELECT p_ledger, v_first + at - 1, event_id, stream_id, stream_version, name, schema_version,
           v_told + at - 1, key_id, skeleton, leaf
      FROM unnest(p_events, p_streams, p_versions, p_names, p_schemas, p_keys, p_skeletons, v_leaves)
           WITH ORDINALITY AS e (event_id, stream_id, stream_version, name, schema_version, key_id, skeleton, leaf, at);

    IF p_key IS NOT NULL THEN
        INSERT INTO commands VALUES (p_ledger, p_client, p_key, p_digest, v_first, v_last);
    END IF;
    UPDATE head SET position = v_last, recorded_at = v_told + v_count - 1, peaks = v_peaks WHERE ledger = p_ledger;
    PERFORM pg_notify('medvirkning', p_ledger::text);
    RETURN v_first;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO medvirkning_app;
GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO medvirkning_app;
GRANT EXECUTE ON FUNCTION ledger.append, ledger.leaf TO medvirkning_app;
GRANT USAGE, CREATE ON SCHEMA views, access TO medvirkning_app;
