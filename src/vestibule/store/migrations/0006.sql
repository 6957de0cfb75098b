-- The mail domains of enterprises. They belong to no connection, and are few: a shared table.
CREATE TABLE domains (
  enterprise_id TEXT NOT NULL REFERENCES enterprises (id),
  id TEXT NOT NULL,
  domain TEXT NOT NULL,
  subdomains INTEGER NOT NULL,
  state TEXT NOT NULL,
  token TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  verified_at INTEGER,
  checked_at INTEGER,
  failing_since INTEGER,
  note TEXT NOT NULL,
  PRIMARY KEY (enterprise_id, id)
);
CREATE UNIQUE INDEX domains_claim ON domains (enterprise_id, domain);
-- One enterprise at a time has a domain, so this key has none in front.
CREATE UNIQUE INDEX domains_holder ON domains (domain) WHERE state IN ('verified', 'failing');
CREATE INDEX domains_by_name ON domains (domain);
