CREATE TABLE schema_version (version INTEGER NOT NULL);
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
  
  ref TEXT,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (connection_id, group_id, user_id),
  FOREIGN KEY (connection_id, group_id) REFERENCES groups (connection_id, id),
  FOREIGN KEY (connection_id, user_id) REFERENCES users (connection_id, id)
) WITHOUT ROWID;
CREATE INDEX members_by_user ON members (connection_id, user_id, group_id);
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
CREATE TABLE keys (
  name TEXT PRIMARY KEY,
  secret BLOB NOT NULL
);
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
CREATE TABLE imports (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  export_id TEXT NOT NULL,
  lines INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (connection_id, export_id)
) WITHOUT ROWID;
INSERT INTO schema_version (version) VALUES (4);
INSERT INTO enterprises (id, name, created_at) VALUES ('ent_1', 'Contoso', 1764000000000000);
INSERT INTO connections (id, enterprise_id, idp, created_at, settings) VALUES ('con_here', 'ent_1', 'entra', 1764000000000000, '{}');
INSERT INTO connections (id, enterprise_id, idp, created_at, settings) VALUES ('con_moved', 'ent_1', 'entra', 1764000000000000, '{}');
INSERT INTO connections (id, enterprise_id, idp, created_at, settings) VALUES ('con_there', 'ent_1', 'okta', 1764000000000000, '{}');
INSERT INTO counters (connection_id, user_count, active_count, group_count) VALUES ('con_here', 5, 4, 3);
INSERT INTO counters (connection_id, user_count, active_count, group_count) VALUES ('con_moved', 5, 4, 3);
INSERT INTO counters (connection_id, user_count, active_count, group_count) VALUES ('con_there', 1, 1, 0);
INSERT INTO tokens (connection_id, id, hash, name, scopes, last_four, created_at, expires_at, revoked_at, last_used_at, user_id) VALUES ('con_here', 'tok_1', X'00FF2068617368', 'main', '["get:users","post:users"]', 'abcd', 1764000000000000, NULL, NULL, 1764000060000000, NULL);
INSERT INTO tokens (connection_id, id, hash, name, scopes, last_four, created_at, expires_at, revoked_at, last_used_at, user_id) VALUES ('con_moved', 'tok_1', X'00FF2068617368', 'main', '["get:users","post:users"]', 'abcd', 1764000000000000, NULL, NULL, 1764000060000000, NULL);
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_here', 'usr_00000', 'Ana@example.com', 'ana@example.com', 'ext-0', 1, 'scim', 1, 1764000000000000, 1764000000000000, NULL, 0, NULL, NULL, NULL, NULL, '{"userName":"Ana@example.com","active":true,"externalId":"ext-0"}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_here', 'usr_00001', 'Jörg Straße@example.com', 'jörg strasse@example.com', 'ext-1', 1, 'scim', 2, 1764000000000000, 1764000060000000, NULL, 0, NULL, 'usr_00000', 'Jörg Straße', 'jörg strasse', '{"userName":"Jörg Straße@example.com","active":true,"externalId":"ext-1","displayName":"Jörg Straße","emails":[{"type":"work","value":"1@Example.com"},{"value":"Home1@example.com"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"usr_00000","$ref":"../Users/usr_00000"}}}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_here', 'usr_00002', 'O''Brien; "Rory" -- \@example.com', 'o''brien; "rory" -- \@example.com', 'ext-2', 1, 'scim', 2, 1764000000000000, 1764000060000000, NULL, 0, NULL, 'Boss', 'O''Brien; "Rory" -- \', 'o''brien; "rory" -- \', '{"userName":"O''Brien; \"Rory\" -- \\@example.com","active":true,"externalId":"ext-2","displayName":"O''Brien; \"Rory\" -- \\","emails":[{"type":"work","value":"2@Example.com"},{"value":"Home2@example.com"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"Boss","x":1}}}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_here', 'usr_00003', 'İpek 👩‍💻@example.com', 'i̇pek 👩‍💻@example.com', 'ext-3', 0, 'scim', 2, 1764000000000000, 1764000060000000, NULL, 0, 1764000060000000, NULL, 'İpek 👩‍💻', 'i̇pek 👩‍💻', '{"userName":"İpek 👩‍💻@example.com","active":false,"externalId":"ext-3","displayName":"İpek 👩‍💻","emails":[{"type":"work","value":"3@Example.com"},{"value":"Home3@example.com"}]}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_here', 'usr_00004', 'ﬁona@example.com', 'fiona@example.com', 'ext-4', 1, 'scim', 1, 1764000000000000, 1764000000000000, NULL, 0, NULL, NULL, 'ﬁona', 'fiona', '{"userName":"ﬁona@example.com","active":true,"externalId":"ext-4","displayName":"ﬁona","emails":[{"type":"work","value":"4@Example.com"},{"value":"Home4@example.com"}]}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_moved', 'usr_00000', 'Ana@example.com', 'ana@example.com', 'ext-0', 1, 'scim', 1, 1764000000000000, 1764000000000000, NULL, 0, NULL, NULL, NULL, NULL, '{"userName":"Ana@example.com","active":true,"externalId":"ext-0"}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_moved', 'usr_00001', 'Jörg Straße@example.com', 'jörg strasse@example.com', 'ext-1', 1, 'scim', 2, 1764000000000000, 1764000060000000, NULL, 0, NULL, 'usr_00000', 'Jörg Straße', 'jörg strasse', '{"userName":"Jörg Straße@example.com","active":true,"externalId":"ext-1","displayName":"Jörg Straße","emails":[{"type":"work","value":"1@Example.com"},{"value":"Home1@example.com"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"usr_00000","$ref":"../Users/usr_00000"}}}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_moved', 'usr_00002', 'O''Brien; "Rory" -- \@example.com', 'o''brien; "rory" -- \@example.com', 'ext-2', 1, 'scim', 2, 1764000000000000, 1764000060000000, NULL, 0, NULL, 'Boss', 'O''Brien; "Rory" -- \', 'o''brien; "rory" -- \', '{"userName":"O''Brien; \"Rory\" -- \\@example.com","active":true,"externalId":"ext-2","displayName":"O''Brien; \"Rory\" -- \\","emails":[{"type":"work","value":"2@Example.com"},{"value":"Home2@example.com"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"Boss","x":1}}}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_moved', 'usr_00003', 'İpek 👩‍💻@example.com', 'i̇pek 👩‍💻@example.com', 'ext-3', 0, 'scim', 2, 1764000000000000, 1764000060000000, NULL, 0, 1764000060000000, NULL, 'İpek 👩‍💻', 'i̇pek 👩‍💻', '{"userName":"İpek 👩‍💻@example.com","active":false,"externalId":"ext-3","displayName":"İpek 👩‍💻","emails":[{"type":"work","value":"3@Example.com"},{"value":"Home3@example.com"}]}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_moved', 'usr_00004', 'ﬁona@example.com', 'fiona@example.com', 'ext-4', 1, 'scim', 1, 1764000000000000, 1764000000000000, NULL, 0, NULL, NULL, 'ﬁona', 'fiona', '{"userName":"ﬁona@example.com","active":true,"externalId":"ext-4","displayName":"ﬁona","emails":[{"type":"work","value":"4@Example.com"},{"value":"Home4@example.com"}]}');
INSERT INTO users (connection_id, id, user_name, user_name_ci, external_id, active, origin, version, created_at, updated_at, adopted_at, protected, deactivated_at, manager_id, display_name, display_name_ci, document) VALUES ('con_there', 'usr_00001', 'user1@example.com', 'user1@example.com', NULL, 1, 'scim', 1, 1764000000000000, 1764000000000000, NULL, 0, NULL, NULL, NULL, NULL, '{"userName":"user1@example.com","active":true}');
INSERT INTO deleted_users (connection_id, id, user_name_ci, external_id, left_at, deleted_at, merged_into) VALUES ('con_here', 'usr_00007', 'gone', 'gone', 1764000060000000, 1764000060000000, NULL);
INSERT INTO deleted_users (connection_id, id, user_name_ci, external_id, left_at, deleted_at, merged_into) VALUES ('con_here', 'usr_00008', 'twice', 'twice', 0, 1764000060000000, 'usr_00004');
INSERT INTO deleted_users (connection_id, id, user_name_ci, external_id, left_at, deleted_at, merged_into) VALUES ('con_moved', 'usr_00007', 'gone', 'gone', 1764000060000000, 1764000060000000, NULL);
INSERT INTO deleted_users (connection_id, id, user_name_ci, external_id, left_at, deleted_at, merged_into) VALUES ('con_moved', 'usr_00008', 'twice', 'twice', 0, 1764000060000000, 'usr_00004');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_here', '1@example.com', 'usr_00001', 'work');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_here', '2@example.com', 'usr_00002', 'work');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_here', '3@example.com', 'usr_00003', 'work');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_here', '4@example.com', 'usr_00004', 'work');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_here', 'home1@example.com', 'usr_00001', '');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_here', 'home2@example.com', 'usr_00002', '');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_here', 'home3@example.com', 'usr_00003', '');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_here', 'home4@example.com', 'usr_00004', '');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_moved', '1@example.com', 'usr_00001', 'work');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_moved', '2@example.com', 'usr_00002', 'work');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_moved', '3@example.com', 'usr_00003', 'work');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_moved', '4@example.com', 'usr_00004', 'work');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_moved', 'home1@example.com', 'usr_00001', '');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_moved', 'home2@example.com', 'usr_00002', '');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_moved', 'home3@example.com', 'usr_00003', '');
INSERT INTO user_emails (connection_id, value_ci, user_id, type_ci) VALUES ('con_moved', 'home4@example.com', 'usr_00004', '');
INSERT INTO groups (connection_id, id, display_name, display_name_ci, external_id, origin, version, created_at, updated_at, adopted_at, member_count, peak_count, peak_at) VALUES ('con_here', 'grp_1', 'Sales', 'sales', 'G', 'scim', 2, 1764000000000000, 1764000060000000, NULL, 3, 3, 1764000060000000);
INSERT INTO groups (connection_id, id, display_name, display_name_ci, external_id, origin, version, created_at, updated_at, adopted_at, member_count, peak_count, peak_at) VALUES ('con_here', 'grp_2', 'STRASSE', 'strasse', NULL, 'scim', 1, 1764000000000000, 1764000000000000, NULL, 1, 0, 0);
INSERT INTO groups (connection_id, id, display_name, display_name_ci, external_id, origin, version, created_at, updated_at, adopted_at, member_count, peak_count, peak_at) VALUES ('con_here', 'grp_3', 'Empty', 'empty', NULL, 'app', 1, 1764000000000000, 1764000000000000, NULL, 0, 0, 0);
INSERT INTO groups (connection_id, id, display_name, display_name_ci, external_id, origin, version, created_at, updated_at, adopted_at, member_count, peak_count, peak_at) VALUES ('con_moved', 'grp_1', 'Sales', 'sales', 'G', 'scim', 2, 1764000000000000, 1764000060000000, NULL, 3, 3, 1764000060000000);
INSERT INTO groups (connection_id, id, display_name, display_name_ci, external_id, origin, version, created_at, updated_at, adopted_at, member_count, peak_count, peak_at) VALUES ('con_moved', 'grp_2', 'STRASSE', 'strasse', NULL, 'scim', 1, 1764000000000000, 1764000000000000, NULL, 1, 0, 0);
INSERT INTO groups (connection_id, id, display_name, display_name_ci, external_id, origin, version, created_at, updated_at, adopted_at, member_count, peak_count, peak_at) VALUES ('con_moved', 'grp_3', 'Empty', 'empty', NULL, 'app', 1, 1764000000000000, 1764000000000000, NULL, 0, 0, 0);
INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) VALUES ('con_here', 'grp_1', 'usr_00001', 'app', 0, NULL, 1764000000000000);
INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) VALUES ('con_here', 'grp_1', 'usr_00002', 'app', 0, NULL, 1764000000000000);
INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) VALUES ('con_here', 'grp_1', 'usr_00003', 'scim', 1, 'ext-3', 1764000060000000);
INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) VALUES ('con_here', 'grp_2', 'usr_00001', 'scim', 1, NULL, 1764000000000000);
INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) VALUES ('con_moved', 'grp_1', 'usr_00001', 'app', 0, NULL, 1764000000000000);
INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) VALUES ('con_moved', 'grp_1', 'usr_00002', 'app', 0, NULL, 1764000000000000);
INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) VALUES ('con_moved', 'grp_1', 'usr_00003', 'scim', 1, 'ext-3', 1764000060000000);
INSERT INTO members (connection_id, group_id, user_id, origin, claimed, ref, added_at) VALUES ('con_moved', 'grp_2', 'usr_00001', 'scim', 1, NULL, 1764000000000000);
INSERT INTO pending_members (connection_id, group_id, ref, ref_ci, nested, added_at) VALUES ('con_here', 'grp_2', 'Stranger', 'stranger', 0, 1764000000000000);
INSERT INTO pending_members (connection_id, group_id, ref, ref_ci, nested, added_at) VALUES ('con_here', 'grp_2', 'grp_1', 'grp_1', 1, 1764000000000000);
INSERT INTO pending_members (connection_id, group_id, ref, ref_ci, nested, added_at) VALUES ('con_moved', 'grp_2', 'Stranger', 'stranger', 0, 1764000000000000);
INSERT INTO pending_members (connection_id, group_id, ref, ref_ci, nested, added_at) VALUES ('con_moved', 'grp_2', 'grp_1', 'grp_1', 1, 1764000000000000);
INSERT INTO pending_managers (connection_id, user_id, ref, ref_ci, added_at) VALUES ('con_here', 'usr_00002', 'Boss', 'boss', 1764000060000000);
INSERT INTO pending_managers (connection_id, user_id, ref, ref_ci, added_at) VALUES ('con_moved', 'usr_00002', 'Boss', 'boss', 1764000060000000);
INSERT INTO conflicts (connection_id, id, attribute, value, user_id, other_id, incoming, state, requests, first_at, last_at, decided_at) VALUES ('con_here', 'cfl_1', 'emails', '1@example.com', 'usr_00001', 'usr_00002', '{"userName":"Jörg","externalId":null}', 'open', 1, 1764000000000000, 1764000000000000, NULL);
INSERT INTO conflicts (connection_id, id, attribute, value, user_id, other_id, incoming, state, requests, first_at, last_at, decided_at) VALUES ('con_moved', 'cfl_1', 'emails', '1@example.com', 'usr_00001', 'usr_00002', '{"userName":"Jörg","externalId":null}', 'open', 1, 1764000000000000, 1764000000000000, NULL);
INSERT INTO holds (connection_id, id, guard, subject, subject_name, count, threshold, requests, state, first_at, last_at, decided_at, approved_until) VALUES ('con_here', 'hld_1', 'emptied_group', 'grp_1', 'Sales', 3, 2, 1, 'approved', 1764000000000000, 1764000000000000, 1764000060000000, 1764000060000000);
INSERT INTO holds (connection_id, id, guard, subject, subject_name, count, threshold, requests, state, first_at, last_at, decided_at, approved_until) VALUES ('con_moved', 'hld_1', 'emptied_group', 'grp_1', 'Sales', 3, 2, 1, 'approved', 1764000000000000, 1764000000000000, 1764000060000000, 1764000060000000);
INSERT INTO keys (name, secret) VALUES ('cursors', X'7D1093933D1E37E9A2DED02E18548CD301AF3CF80B06A2FF7FD86B6D5468B736');
INSERT INTO exchanges (connection_id, id, at, duration_us, method, path, query, status, token_id, resource_type, resource_id, target, target_ci, scim_type, error, facts, request_body, response_body) VALUES ('con_here', 'req_0001', 1764000001000000, 1500, 'GET', '/Users', '', 200, NULL, 'User', NULL, 'Ana', 'ana', NULL, NULL, '{"got":["get:users"]}', '{}', NULL);
INSERT INTO audit (connection_id, id, at, actor, action, target, detail) VALUES ('con_here', 'aud_1', 1764000000000000, 'cli', 'token.created', 'tok_1', '{"scopes":["get:users"]}');
INSERT INTO audit (connection_id, id, at, actor, action, target, detail) VALUES ('con_here', 'aud_2', 1764000060000000, 'cli', 'hold.approved', 'hld_1', '{"approved_until":1764000060000000}');
INSERT INTO audit (connection_id, id, at, actor, action, target, detail) VALUES ('con_here', 'aud_3', 1764000000000000, 'cli', 'token.created', 'tok_1', '{"scopes":["get:users"]}');
INSERT INTO audit (connection_id, id, at, actor, action, target, detail) VALUES ('con_moved', 'aud_1', 1764000000000000, 'cli', 'token.created', 'tok_1', '{"scopes":["get:users"]}');
INSERT INTO audit (connection_id, id, at, actor, action, target, detail) VALUES ('con_moved', 'aud_2', 1764000060000000, 'cli', 'hold.approved', 'hld_1', '{"approved_until":1764000060000000}');
INSERT INTO audit (connection_id, id, at, actor, action, target, detail) VALUES ('con_moved', 'aud_4', 1764000000000000, 'cli', 'token.created', 'con_moved', '{"export":"exp_3","from":"con_here","counts":{"user":5,"group":3,"member":4,"pending_member":2,"pending_manager":1,"deleted_user":2,"conflict":1,"hold":1,"audit":2,"token":1}}');
INSERT INTO imports (connection_id, export_id, lines, started_at, finished_at) VALUES ('con_moved', 'exp_3', 24, 1764000000000000, 1764000000000000);
