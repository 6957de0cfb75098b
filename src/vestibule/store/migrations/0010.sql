-- The application of a customer's tenant with which groups are read again and again. Its secret is sealed.
CREATE TABLE graph_sources (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  tenant TEXT NOT NULL,
  client_id TEXT NOT NULL,
  secret TEXT NOT NULL,
  graph_url TEXT NOT NULL,
  login_url TEXT NOT NULL,
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id)
);

-- The groups that are read with it. Who reads one puts `due_at` off first, so that nobody else does.
CREATE TABLE graph_groups (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  group_ci TEXT NOT NULL,
  group_name TEXT NOT NULL,
  graph_id TEXT NOT NULL,
  read_at INTEGER NOT NULL,
  tried_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  failing_since INTEGER,
  fault TEXT,
  PRIMARY KEY (connection_id, group_ci)
);
