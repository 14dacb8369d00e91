-- Version 2 of the state file: when a receiver took what it was told, and whose place in the order it stands in.
ALTER TABLE outbox ADD COLUMN sent_at TEXT;    -- RFC 3339, NULL: not taken, or before this version
ALTER TABLE outbox ADD COLUMN place INTEGER;   -- the seq of what it stands for, NULL: its own

CREATE INDEX outbox_sent ON outbox (receiver, sent_at) WHERE sent_at IS NOT NULL;
