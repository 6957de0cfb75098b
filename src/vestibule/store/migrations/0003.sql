-- The connection leads every key and index of what belongs to a connection. Times are microseconds UTC.

CREATE TABLE enterprises (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE connections (
  id TEXT PRIMARY KEY,
  enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
  idp TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  settings TEXT NOT NULL DEFAULT '{}'
);

-- How many there are of what; its row is also what writers of a connection wait for, one after the other.
CREATE TABLE counters (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  user_count INTEGER NOT NULL DEFAULT 0,
  active_count INTEGER NOT NULL DEFAULT 0,
  group_count INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (connection_id)
);

CREATE TABLE tokens (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  hash BLOB NOT NULL,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  last_four TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  last_used_at INTEGER,
  user_id TEXT,
  PRIMARY KEY (connection_id, id)
) WITHOUT ROWID;

-- A rowid table: a document is too long for a WITHOUT ROWID tree.
CREATE TABLE users (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  user_name TEXT NOT NULL,
  user_name_ci TEXT NOT NULL,
  external_id TEXT,
  active INTEGER NOT NULL,
  origin TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  adopted_at INTEGER,
  protected INTEGER NOT NULL DEFAULT 0,
  deactivated_at INTEGER,
  manager_id TEXT,
  display_name TEXT,
  display_name_ci TEXT,
  document TEXT NOT NULL,
  PRIMARY KEY (connection_id, id)
);
CREATE UNIQUE INDEX users_user_name ON users (connection_id, user_name_ci);
CREATE UNIQUE INDEX users_external_id ON users (connection_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX users_by_display_name ON users (connection_id, display_name_ci, id) WHERE display_name_ci IS NOT NULL;
CREATE INDEX users_by_time ON users (connection_id, updated_at);
CREATE INDEX users_by_active ON users (connection_id, active, id);

CREATE INDEX users_by_manager ON users (connection_id, manager_id, id) WHERE manager_id IS NOT NULL;
CREATE INDEX users_deactivated ON users (connection_id, deactivated_at) WHERE deactivated_at IS NOT NULL;

-- The next three are rowid tables, as SQLite would walk the primary key of another kind instead of an index.
-- Who was here, so that an identity provider that names an old id can be told from one that names nobody. A person
-- who comes back is a new user; `merged_into` is the account that took over the memberships.
CREATE TABLE deleted_users (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  user_name_ci TEXT NOT NULL,
  external_id TEXT,
  left_at INTEGER NOT NULL,
  deleted_at INTEGER NOT NULL,
  merged_into TEXT,
  PRIMARY KEY (connection_id, id)
);
CREATE INDEX deleted_users_by_name ON deleted_users (connection_id, user_name_ci);
CREATE INDEX deleted_users_by_merge ON deleted_users (connection_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX deleted_users_by_time ON deleted_users (connection_id, left_at);

-- The addresses in the documents once more, for identity providers that match by e-mail; no type is ''.
CREATE TABLE user_emails (
  connection_id TEXT NOT NULL,
  value_ci TEXT NOT NULL,
  user_id TEXT NOT NULL,
  type_ci TEXT NOT NULL,
  PRIMARY KEY (connection_id, value_ci, user_id, type_ci),
  FOREIGN KEY (connection_id, user_id) REFERENCES users (connection_id, id)
) WITHOUT ROWID;
CREATE INDEX user_emails_by_user ON user_emails (connection_id, user_id);

CREATE TABLE groups (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  display_name TEXT NOT NULL,
  display_name_ci TEXT NOT NULL,
  external_id TEXT,
  origin TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  adopted_at INTEGER,
  member_count INTEGER NOT NULL DEFAULT 0,
  peak_count INTEGER NOT NULL DEFAULT 0,
  peak_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (connection_id, id)
);
CREATE UNIQUE INDEX groups_display_name ON groups (connection_id, display_name_ci);
CREATE UNIQUE INDEX groups_external_id ON groups (connection_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX groups_by_time ON groups (connection_id, updated_at);

CREATE TABLE members (
  connection_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  origin TEXT NOT NULL,
  claimed INTEGER NOT NULL,
  -- The name that the identity provider used, when it was not the id.
  ref TEXT,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, group_id, user_id),
  FOREIGN KEY (connection_id, group_id) REFERENCES groups (connection_id, id),
  FOREIGN KEY (connection_id, user_id) REFERENCES users (connection_id, id)
) WITHOUT ROWID;
CREATE INDEX members_by_user ON members (connection_id, user_id, group_id);

-- Members that were named but are no users: not (yet) here, or groups. They join when the user appears.
CREATE TABLE pending_members (
  connection_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  ref TEXT NOT NULL,
  ref_ci TEXT NOT NULL,
  nested INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, group_id, ref),
  FOREIGN KEY (connection_id, group_id) REFERENCES groups (connection_id, id)
);
CREATE INDEX pending_members_by_ref ON pending_members (connection_id, ref_ci);

-- The manager of a user, as far as the manager is not (yet) here.
CREATE TABLE pending_managers (
  connection_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  ref TEXT NOT NULL,
  ref_ci TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, user_id),
  FOREIGN KEY (connection_id, user_id) REFERENCES users (connection_id, id)
);
CREATE INDEX pending_managers_by_ref ON pending_managers (connection_id, ref_ci);

-- Accounts that may be one person's, for an administrator to decide.
CREATE TABLE conflicts (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  attribute TEXT NOT NULL,
  value TEXT NOT NULL,
  user_id TEXT NOT NULL,
  other_id TEXT NOT NULL,
  incoming TEXT NOT NULL,
  state TEXT NOT NULL,
  requests INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  decided_at INTEGER,
  PRIMARY KEY (connection_id, id)
);
CREATE UNIQUE INDEX conflicts_by_user ON conflicts (connection_id, user_id, attribute, value, other_id);

-- Requests that a guard holds until an administrator approves them.
CREATE TABLE holds (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  guard TEXT NOT NULL,
  subject TEXT NOT NULL,
  subject_name TEXT NOT NULL,
  count INTEGER NOT NULL,
  threshold INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  state TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  decided_at INTEGER,
  approved_until INTEGER,
  PRIMARY KEY (connection_id, id)
);
CREATE INDEX holds_by_subject ON holds (connection_id, guard, subject, state);

-- Keys that this installation made for itself, e.g. to sign cursors.
CREATE TABLE keys (
  name TEXT PRIMARY KEY,
  secret BLOB NOT NULL
);

-- The provisioning log. No foreign key: what was recorded outlives what it was about.
CREATE TABLE exchanges (
  connection_id TEXT NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  query TEXT NOT NULL,
  status INTEGER NOT NULL,
  token_id TEXT,
  resource_type TEXT,
  resource_id TEXT,
  target TEXT,
  target_ci TEXT,
  scim_type TEXT,
  error TEXT,
  facts TEXT NOT NULL,
  request_body TEXT,
  response_body TEXT,
  PRIMARY KEY (connection_id, id)
);
CREATE INDEX exchanges_by_target ON exchanges (connection_id, resource_type, target_ci, id);

CREATE TABLE audit (
  connection_id TEXT NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (connection_id, id)
);
