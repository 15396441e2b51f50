-- What came of each counter's last reconciliation with Netgíró, as its status tells it.
ALTER TABLE status ADD COLUMN reconciled text NOT NULL DEFAULT '';      -- the figures, JSON; empty: there was none
ALTER TABLE status ADD COLUMN reconciled_agree bigint NOT NULL DEFAULT 0;
ALTER TABLE status ADD COLUMN reconciled_differ bigint NOT NULL DEFAULT 0;
ALTER TABLE status ADD COLUMN reconciled_not_asked bigint NOT NULL DEFAULT 0;
