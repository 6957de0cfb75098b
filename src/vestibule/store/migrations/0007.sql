-- What became of each exchange, for the search of the log.
ALTER TABLE exchanges ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done';
UPDATE exchanges SET outcome = CASE
  WHEN error IN ('held', 'approval_pending', 'email_unproven') THEN 'held'
  WHEN status >= 500 THEN 'failed'
  WHEN status >= 400 OR error IS NOT NULL THEN 'blocked'
  WHEN facts LIKE '%"parked":%' OR facts LIKE '%"manager_parked":true%' THEN 'parked'
  WHEN facts LIKE '%"changed":false%' THEN 'no_change'
  ELSE 'done' END;
DROP INDEX exchanges_by_target;
CREATE INDEX exchanges_by_target ON exchanges (connection_id, target_ci, id) WHERE target_ci IS NOT NULL;
CREATE INDEX exchanges_by_token ON exchanges (connection_id, token_id, id) WHERE token_id IS NOT NULL;
-- What was done is most of the log, and is found without an index.
CREATE INDEX exchanges_by_outcome ON exchanges (connection_id, outcome, id) WHERE outcome <> 'done';
CREATE INDEX exchanges_of_sign_in ON exchanges (connection_id, id) WHERE resource_type = 'SignIn';

-- How far the log of a connection was read, how many bytes of it are kept, and what was seen in it (JSON).
CREATE TABLE traffic (
  connection_id TEXT PRIMARY KEY REFERENCES connections (id),
  read_to TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  document TEXT NOT NULL
);
