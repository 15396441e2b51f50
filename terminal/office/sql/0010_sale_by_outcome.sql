-- A search for an outcome that is rare would read every sale there ever was. What was paid is most of all sales, and found
-- by its time.
CREATE INDEX sale_by_outcome ON sale (outcome, created DESC) WHERE outcome NOT IN ('', 'approved');
