-- What grows with the city is counted, walked in order and never looked through.

-- Reports by grid and state and by branch and state; slugs are `grid/state`.
INSERT INTO counters (kind, slug, n)
    SELECT 'branch-state', branch || '/' || REPLACE(state, '_', '-'), COUNT(*)
    FROM reports GROUP BY branch, state;
INSERT INTO counters (kind, slug, n)
    SELECT 'grid-state', grid || '/' || REPLACE(state, '_', '-'), COUNT(*)
    FROM reports WHERE grid IS NOT NULL GROUP BY grid, state;
DELETE FROM counters WHERE kind IN ('branch-open', 'branch-closed');

-- The queue of each role in the order of its limits. The words of these conditions are
-- those of the queries that use them.
DROP INDEX reports_due;
DROP INDEX reports_waiting_grid;
DROP INDEX reports_waiting_branch;
CREATE INDEX reports_due ON reports
    (COALESCE(due_at, 9223372036854775807), serial, soon_at)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_due_grid ON reports
    (grid, COALESCE(due_at, 9223372036854775807), serial, soon_at)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_due_branch ON reports
    (branch, COALESCE(due_at, 9223372036854775807), serial, soon_at)
    WHERE state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_again ON reports (serial, grid, branch)
    WHERE reopened > 0 AND state IN ('submitted', 'needs_info', 'accepted', 'dispatched', 'in_progress', 'awaiting_check');
CREATE INDEX reports_grid_new ON reports (grid, serial);
CREATE INDEX reports_branch_new ON reports (branch, serial);

-- Tries at passwords of late, by a keyed hash of where they came from; all nodes count
-- in it together.
CREATE TABLE tries (
    place TEXT PRIMARY KEY,
    n BIGINT NOT NULL,
    since BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX tries_since ON tries (since);
