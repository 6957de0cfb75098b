-- Single sign-on. The connection leads every key; secrets are sealed before they get here.

CREATE TABLE sign_ons (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  settings TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  PRIMARY KEY (connection_id)
);

CREATE TABLE sp_keys (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  state TEXT NOT NULL,
  certificate TEXT NOT NULL,
  private_key TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  PRIMARY KEY (connection_id, id)
);
CREATE UNIQUE INDEX sp_keys_current ON sp_keys (connection_id) WHERE state = 'current';

-- Begun sign-ins; a row goes when its answer comes, so an answer is taken once.
CREATE TABLE pending_logins (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  browser_hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (connection_id, id)
);
CREATE INDEX pending_logins_by_end ON pending_logins (connection_id, expires_at);

-- What may be used once: assertions and logout messages, kept until they would be too old to be believed.
CREATE TABLE seen_messages (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, id)
) WITHOUT ROWID;
CREATE INDEX seen_messages_by_end ON seen_messages (connection_id, expires_at);

CREATE TABLE identities (
  connection_id TEXT NOT NULL,
  id TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_login_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, id),
  FOREIGN KEY (connection_id, user_id) REFERENCES users (connection_id, id)
);
CREATE UNIQUE INDEX identities_subject ON identities (connection_id, issuer, subject);
CREATE INDEX identities_by_user ON identities (connection_id, user_id);

CREATE TABLE verified_emails (
  connection_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  address_ci TEXT NOT NULL,
  verified_by TEXT NOT NULL,
  verified_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, user_id, address_ci),
  FOREIGN KEY (connection_id, user_id) REFERENCES users (connection_id, id)
) WITHOUT ROWID;

CREATE TABLE email_verifications (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  browser_hash BLOB NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  address TEXT NOT NULL,
  state TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  code_hash BLOB,
  code_expires_at INTEGER NOT NULL,
  tries INTEGER NOT NULL,
  sends INTEGER NOT NULL,
  sent_at INTEGER NOT NULL,
  user_id TEXT,
  decided_at INTEGER,
  decided_by TEXT,
  PRIMARY KEY (connection_id, id)
);
CREATE INDEX email_verifications_by_state ON email_verifications (connection_id, state, created_at);
CREATE INDEX email_verifications_by_subject ON email_verifications (connection_id, issuer, subject);

CREATE TABLE email_exceptions (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  policy TEXT NOT NULL,
  until INTEGER,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, id)
);

-- No foreign key to the user: that the person is gone is one of the ends of a session.
CREATE TABLE sessions (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  secret_hash BLOB NOT NULL,
  user_id TEXT NOT NULL,
  identity_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  ended_at INTEGER,
  ended_by TEXT,
  PRIMARY KEY (connection_id, id)
);
CREATE INDEX sessions_by_user ON sessions (connection_id, user_id);
CREATE INDEX sessions_by_identity ON sessions (connection_id, identity_id);
CREATE INDEX sessions_by_end ON sessions (connection_id, expires_at);

CREATE TABLE login_evidence (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (connection_id, id)
);
CREATE INDEX login_evidence_by_end ON login_evidence (connection_id, expires_at);
