-- Who may look at the page and who may do something there, and what they did.
CREATE TABLE person (
    name text PRIMARY KEY,
    password_hash text NOT NULL,          -- scrypt
    role text NOT NULL CHECK (role IN ('look', 'operate')),
    wrong_guesses int NOT NULL DEFAULT 0,
    next_guess timestamptz NOT NULL DEFAULT '-infinity'
);

CREATE TABLE session (
    token_sha256 bytea PRIMARY KEY,
    name text NOT NULL REFERENCES person ON DELETE CASCADE,
    form_token text NOT NULL,             -- stands in every form, so that no other site can send one
    expires timestamptz NOT NULL
);
CREATE INDEX session_by_end ON session (expires);

CREATE TABLE audit (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    at timestamptz NOT NULL DEFAULT now(),
    name text NOT NULL,
    did text NOT NULL,
    what text NOT NULL DEFAULT ''
);
CREATE INDEX audit_by_time ON audit (at DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
