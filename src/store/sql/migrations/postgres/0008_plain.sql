-- By now these are sealed.
ALTER TABLE reports DROP COLUMN description;
ALTER TABLE reports DROP COLUMN place;
ALTER TABLE reports DROP COLUMN lat;
ALTER TABLE reports DROP COLUMN lon;
ALTER TABLE reports DROP COLUMN accuracy;
ALTER TABLE reports DROP COLUMN contact_name;
ALTER TABLE reports DROP COLUMN contact_phone;
ALTER TABLE reports DROP COLUMN rating_comment;
ALTER TABLE reports DROP COLUMN extension_reason;
ALTER TABLE report_events DROP COLUMN text;

-- A program from before this would go on writing plain words: it is refused.
ALTER TABLE signatures ADD CHECK (name = '' OR name LIKE 's1.%'),
    ADD CHECK (message IS NULL OR message LIKE 's1.%');
ALTER TABLE objections ADD CHECK (reason = '' OR reason LIKE 's1.%');
