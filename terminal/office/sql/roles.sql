-- Least privilege: what the two halves of the service may do. Run again after every migration.
-- Neither can change or delete a row of the journal, create a table, or read the other's secrets.
GRANT USAGE ON SCHEMA public TO netgiro_collector, netgiro_page;

GRANT SELECT, INSERT ON journal TO netgiro_collector;
GRANT SELECT, INSERT, UPDATE ON journal_head, alarm, sale, turnover, turnover_day, status TO netgiro_collector;
GRANT SELECT, INSERT, UPDATE ON terminal TO netgiro_collector;
GRANT SELECT, DELETE ON enrolment TO netgiro_collector;
GRANT SELECT ON settings_document, release_archive, release_piece TO netgiro_collector;
GRANT SELECT, UPDATE ON rollout TO netgiro_collector;
GRANT SELECT, INSERT, UPDATE ON rollout_member TO netgiro_collector;
GRANT EXECUTE ON FUNCTION ensure_month(date) TO netgiro_collector;

GRANT SELECT ON journal, journal_head, alarm, sale, turnover, turnover_day, status, person, audit, release_archive TO netgiro_page;
GRANT SELECT ON reconciliation_run, reconciliation_sum, reconciliation_line TO netgiro_page;
GRANT SELECT, INSERT ON settings_document TO netgiro_page;
GRANT SELECT, INSERT, UPDATE ON rollout TO netgiro_page;
GRANT SELECT, UPDATE ON rollout_member TO netgiro_page;
GRANT SELECT (terminal, shop, enrolled, revoked, settings_group, settings_since) ON terminal TO netgiro_page;
GRANT UPDATE (shop, revoked, token_sha256, settings_group, settings_since) ON terminal TO netgiro_page;
GRANT UPDATE (seen_by, seen_at) ON alarm TO netgiro_page;
GRANT INSERT, UPDATE, DELETE, SELECT ON enrolment TO netgiro_page;
GRANT UPDATE (wrong_guesses, next_guess) ON person TO netgiro_page;
GRANT SELECT, INSERT, DELETE ON session TO netgiro_page;
GRANT INSERT ON audit TO netgiro_page;
