-- What came of the chain's reconciliations with Netgíró (office reconcile), so that the page can show it.
CREATE TABLE reconciliation_run (
    ran_at timestamptz PRIMARY KEY,
    first_day date NOT NULL,
    last_day date NOT NULL,
    ran_by text NOT NULL
);
CREATE TABLE reconciliation_sum (
    ran_at timestamptz NOT NULL,
    class text NOT NULL,
    shop text NOT NULL,                   -- '': of no one shop
    lines bigint NOT NULL,
    sum_kr bigint NOT NULL,
    fee_kr bigint NOT NULL,
    PRIMARY KEY (ran_at, class, shop)
);
CREATE TABLE reconciliation_line (
    ran_at timestamptz NOT NULL,
    place int NOT NULL,
    class text NOT NULL,
    shop text NOT NULL,
    terminal text NOT NULL,
    reference text NOT NULL,
    settlement text NOT NULL,
    created text,
    amount_kr bigint NOT NULL,
    fee_kr bigint NOT NULL,
    PRIMARY KEY (ran_at, place)
);
