-- Who is invited to set a connection up. The link's secret is kept as a hash alone.
CREATE TABLE tickets (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  label TEXT NOT NULL,
  mail TEXT,
  hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  opened_at INTEGER,
  last_opened_at INTEGER,
  opens INTEGER NOT NULL,
  PRIMARY KEY (connection_id, id)
);
CREATE UNIQUE INDEX tickets_secret ON tickets (connection_id, hash);
