-- Connections that are moved here: how many lines of which export are in. Its row outlives the move, so that the same
-- file is known again.
CREATE TABLE imports (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  export_id TEXT NOT NULL,
  lines INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (connection_id, export_id)
) WITHOUT ROWID;
