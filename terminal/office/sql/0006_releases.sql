-- Releases that go out in waves; one at a time is running.
CREATE TABLE rollout (
    version text PRIMARY KEY,
    sizes int[] NOT NULL,
    stop_percent int NOT NULL,
    silent_hours int NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'stopped', 'done')),
    why text NOT NULL DEFAULT '',
    began timestamptz NOT NULL DEFAULT now(),
    begun_by text NOT NULL
);
CREATE UNIQUE INDEX rollout_running ON rollout ((true)) WHERE state IN ('running', 'paused');

-- Each counter that has one offered.
CREATE TABLE rollout_member (
    terminal text NOT NULL,
    version text NOT NULL,
    wave int NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    troubles text[] NOT NULL DEFAULT '{}',      -- when its wave began
    runs_since timestamptz,                     -- when it first said that it runs this version
    sold_then bigint NOT NULL DEFAULT 0,        -- its last paid sale at that moment
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'proving', 'well', 'failed')),
    why text NOT NULL DEFAULT '',
    PRIMARY KEY (terminal, version)
);
CREATE INDEX rollout_member_by_version ON rollout_member (version, wave);

ALTER TABLE status ADD COLUMN version text NOT NULL DEFAULT '';
CREATE INDEX sale_paid ON sale (terminal, number DESC) WHERE outcome = 'approved';
