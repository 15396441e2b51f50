-- Every terminal's journal. Each key begins with the terminal, so that a chain that outgrows one machine can spread the
-- tables by it (Citus: create_distributed_table(..., 'terminal')). No sequences: nothing counts across terminals.

CREATE TABLE terminal (
    terminal text PRIMARY KEY,
    shop text NOT NULL DEFAULT '',
    token_sha256 bytea,                   -- null: only the common token speaks for it
    enrolled timestamptz,
    revoked timestamptz
);

CREATE TABLE enrolment (
    terminal text PRIMARY KEY,
    code_sha256 bytea NOT NULL,
    expires timestamptz NOT NULL
);

-- One row per terminal, epoch and seq. The months are those in which rows came in, by this machine's clock: a month that
-- is over never changes again, so it can be copied away, and a terminal with a wrong clock spoils nothing. Across months
-- journal_head holds that no seq is kept twice: it is locked for every batch.
CREATE TABLE journal (
    terminal text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    month date NOT NULL,
    at text NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    hash text NOT NULL,
    received timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (terminal, epoch, seq, month)
) PARTITION BY RANGE (month);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- How far each journal has come, and the hash that the next row follows from.
CREATE TABLE journal_head (
    terminal text NOT NULL,
    epoch text NOT NULL,
    have bigint NOT NULL DEFAULT 0,
    hash text NOT NULL DEFAULT '',
    began timestamptz NOT NULL DEFAULT now(),
    received timestamptz,
    PRIMARY KEY (terminal, epoch)
);

-- What should not be: another content under a known seq ("conflict"), a row that does not follow from the one before it
-- ("chain"). The same finding again only counts up.
CREATE TABLE alarm (
    terminal text NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    found text NOT NULL,                  -- the hash that came
    known text NOT NULL,                  -- the hash that should have come
    body text NOT NULL,                   -- what came
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now(),
    times bigint NOT NULL DEFAULT 1,
    seen_by text,                         -- who has looked into it
    seen_at timestamptz,
    PRIMARY KEY (terminal, epoch, seq, kind, found)
);
CREATE INDEX alarm_open ON alarm (last_seen) WHERE seen_at IS NULL;

-- Called by the collector, which may create nothing itself.
CREATE FUNCTION ensure_month(wanted date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    first date := date_trunc('month', wanted)::date;
    name text := 'journal_' || to_char(first, 'YYYY_MM');
BEGIN
    IF first NOT BETWEEN date '2020-01-01' AND date '2200-01-01' THEN
        RAISE EXCEPTION 'this machine''s clock cannot be right: %', wanted;
    END IF;
    IF to_regclass(name) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext(name));
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF journal FOR VALUES FROM (%L) TO (%L)',
                       name, first, (first + interval '1 month')::date);
    END IF;
END $$;
REVOKE ALL ON FUNCTION ensure_month(date) FROM PUBLIC;
