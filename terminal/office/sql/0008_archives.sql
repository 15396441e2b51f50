-- Signed archives of releases, in pieces: whichever collector is asked can hand one out.
CREATE TABLE release_archive (
    version text NOT NULL,
    machine text NOT NULL,                -- that it was made for, such as aarch64-python3.11
    sha256 text NOT NULL,
    size bigint NOT NULL,
    signature text NOT NULL,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version, machine)
);
CREATE TABLE release_piece (
    sha256 text NOT NULL,                 -- of the whole archive
    number int NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (sha256, number)
);

-- What a terminal says of the release that it was asked to run.
ALTER TABLE status ADD COLUMN release_refused text NOT NULL DEFAULT '';   -- the version
ALTER TABLE status ADD COLUMN release_why text NOT NULL DEFAULT '';       -- why it refuses, or what it still waits for
