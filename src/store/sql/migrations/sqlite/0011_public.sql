-- Names that may be shown, by when they were signed: they are shown a day later.
DROP INDEX signatures_shown;
CREATE INDEX signatures_shown ON signatures (signed_at, ordinal) WHERE state = 'valid' AND show_name;
-- 寄语 that nobody has looked at yet, and those on the wall.
DROP INDEX signatures_messages;
CREATE INDEX signatures_unreviewed ON signatures (ordinal)
    WHERE state = 'valid' AND message IS NOT NULL AND message_state IS NULL;
CREATE INDEX signatures_wall ON signatures (ordinal)
    WHERE state = 'valid' AND message_state = 'shown';
-- When staff decided about an objection: it stays answered, so the same visitor cannot raise it again.
ALTER TABLE objections ADD COLUMN answered_at BIGINT;
CREATE INDEX objections_open ON objections (ordinal) WHERE answered_at IS NULL;
CREATE INDEX objections_visitor ON objections (visitor);
-- The public list by state, grid and category, in the order of serials.
CREATE INDEX reports_public_state ON reports (state, serial)
    WHERE state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'duplicate', 'referred')
    AND accepted_at IS NOT NULL AND hidden = 0 AND kind <> 'private';
CREATE INDEX reports_public_grid ON reports (grid, state, serial)
    WHERE state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'duplicate', 'referred')
    AND accepted_at IS NOT NULL AND hidden = 0 AND kind <> 'private';
CREATE INDEX reports_public_category ON reports (category, state, serial)
    WHERE state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'duplicate', 'referred')
    AND accepted_at IS NOT NULL AND hidden = 0 AND kind <> 'private';
CREATE INDEX reports_public_both ON reports (grid, category, state, serial)
    WHERE state IN ('accepted', 'dispatched', 'in_progress', 'awaiting_check', 'closed', 'duplicate', 'referred')
    AND accepted_at IS NOT NULL AND hidden = 0 AND kind <> 'private';
DROP INDEX reports_public;
