-- By now no page of the disk holds what was plain: that this step is there says so.
UPDATE ledger SET as_of = as_of;
