-- What follows from the journal, kept in the same transaction as its rows, so that no page ever reads history.

-- Where each sale stands. A terminal that was restored from a backup sends its sales again in a new epoch: the reference
-- names the sale, so it is still one.
CREATE TABLE sale (
    terminal text NOT NULL,
    reference text NOT NULL,
    number bigint NOT NULL,
    epoch text NOT NULL,
    seq bigint NOT NULL,
    at text NOT NULL,
    created timestamptz NOT NULL,
    state text NOT NULL,
    outcome text NOT NULL DEFAULT '',     -- '' while it goes on
    reason text NOT NULL DEFAULT '',
    amount_kr bigint NOT NULL,
    register_id text NOT NULL DEFAULT '',
    PRIMARY KEY (terminal, reference)
);
CREATE INDEX sale_by_time ON sale (created DESC);
CREATE INDEX sale_by_amount ON sale (amount_kr, created DESC);
CREATE INDEX sale_by_reference ON sale (reference text_pattern_ops);
CREATE INDEX sale_open_case ON sale (created) WHERE outcome IN ('unknown', 'refund_due');

-- What was paid, by terminal and hour of the sale.
CREATE TABLE turnover (
    terminal text NOT NULL,
    hour timestamptz NOT NULL,
    sales bigint NOT NULL DEFAULT 0,
    sum_kr bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (terminal, hour)
);
CREATE INDEX turnover_by_hour ON turnover (hour) INCLUDE (terminal, sales, sum_kr);

-- How each terminal was when it last said so.
CREATE TABLE status (
    terminal text PRIMARY KEY,
    received timestamptz NOT NULL DEFAULT now(),
    troubles text[] NOT NULL DEFAULT '{}',
    document text NOT NULL
);
CREATE INDEX status_ill ON status (terminal) WHERE troubles <> '{}';
CREATE INDEX status_by_time ON status (received);
