-- Who is expected in a group. A `draft` is being filled, and takes the place of the `current` one when it is whole.
CREATE TABLE expectations (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  id TEXT NOT NULL,
  group_name TEXT NOT NULL,
  group_ci TEXT NOT NULL,
  external_id TEXT,
  source TEXT NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL,
  nested TEXT NOT NULL,
  detail TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  -- What was found when the roll was called last: of which group, in which version.
  called_at INTEGER,
  group_id TEXT,
  group_version INTEGER,
  balanced INTEGER,
  PRIMARY KEY (connection_id, id)
);
CREATE UNIQUE INDEX expectations_current ON expectations (connection_id, group_ci) WHERE state = 'current';

CREATE TABLE expected_people (
  connection_id TEXT NOT NULL,
  expectation_id TEXT NOT NULL,
  name_ci TEXT NOT NULL,
  user_name TEXT NOT NULL,
  external_id TEXT,
  other_id TEXT,
  enabled INTEGER NOT NULL,
  in_scope INTEGER NOT NULL,
  known INTEGER NOT NULL,
  via TEXT,
  PRIMARY KEY (connection_id, expectation_id, name_ci),
  FOREIGN KEY (connection_id, expectation_id) REFERENCES expectations (connection_id, id)
);
CREATE INDEX expected_people_by_id ON expected_people (connection_id, expectation_id, external_id)
  WHERE external_id IS NOT NULL;
CREATE INDEX expected_people_by_other ON expected_people (connection_id, expectation_id, other_id)
  WHERE other_id IS NOT NULL;

-- The trend: the figures of a group each time that they differed from those before, and once a day.
CREATE TABLE roll_calls (
  connection_id TEXT NOT NULL REFERENCES connections (id),
  group_ci TEXT NOT NULL,
  at INTEGER NOT NULL,
  group_name TEXT NOT NULL,
  expected INTEGER NOT NULL,
  present INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  extra INTEGER NOT NULL,
  reasons TEXT NOT NULL,
  PRIMARY KEY (connection_id, group_ci, at)
);
