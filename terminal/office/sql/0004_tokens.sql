-- A request's token is looked up before its body is read.
CREATE UNIQUE INDEX terminal_by_token ON terminal (token_sha256) WHERE token_sha256 IS NOT NULL;
