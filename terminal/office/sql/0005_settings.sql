-- What the terminals should run: a document of settings a group, and which group each terminal is in. Every state that
-- there was stays. Revisions rise over the whole office, and no terminal takes one that is not higher than its last.
CREATE TABLE settings_document (
    name text NOT NULL,                   -- of the group
    revision bigint NOT NULL,
    sha256 text NOT NULL,
    document text NOT NULL,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, revision)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON settings_document
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE terminal ADD COLUMN settings_group text NOT NULL DEFAULT '';
ALTER TABLE terminal ADD COLUMN settings_since bigint NOT NULL DEFAULT 0;   -- the revision with which it came to it
CREATE INDEX terminal_by_group ON terminal (settings_group) WHERE settings_group <> '';

-- What it says that it runs, and what it has refused.
ALTER TABLE status ADD COLUMN settings_revision bigint NOT NULL DEFAULT 0;
ALTER TABLE status ADD COLUMN settings_sha256 text NOT NULL DEFAULT '';
ALTER TABLE status ADD COLUMN settings_refused bigint NOT NULL DEFAULT 0;
ALTER TABLE status ADD COLUMN settings_why text NOT NULL DEFAULT '';
