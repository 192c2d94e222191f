-- A study, schema version 1: what `windrow sweep` of 0.1 wrote. Such a study is read as it is
-- (schema1_views.sql) and becomes one of schema.sql when it is opened for writing
-- (schema1_aside.sql, schema1_take.sql).
PRAGMA application_id = 0x57726f77;
PRAGMA user_version = 1;

-- Settings that all trials share.
CREATE TABLE study (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  fixed INTEGER NOT NULL CHECK (fixed IN (0, 1)) -- 1: results depend on it
) STRICT, WITHOUT ROWID;

-- One model. Its result depends only on its seven options and on the study's settings. Numbers that
-- were not finite are NULL; status says why.
CREATE TABLE trial (
  id INTEGER PRIMARY KEY,
  hidden INTEGER NOT NULL,
  window INTEGER NOT NULL,
  batch INTEGER NOT NULL, -- windows per update; 0: all
  init TEXT NOT NULL CHECK (init IN ('notebook', 'pytorch')),
  lr REAL NOT NULL,
  clip REAL NOT NULL, -- 0: none
  seed INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'done', 'diverged', 'failed')),
  why TEXT, -- why it failed
  loss REAL, -- total_loss of the last epoch
  validation_loss REAL, -- mean loss of the windows held out
  score REAL CHECK (score IS NULL OR status = 'done'), -- trials are ranked by it; the least is best
  diverged_at INTEGER, -- epoch
  hash TEXT, -- of the parameters at the end: 16 hex digits
  device TEXT,
  seconds REAL, -- of training: the trial's share of its ensemble's
  version TEXT, -- of the library that trained it
  UNIQUE (hidden, window, batch, init, lr, clip, seed)
) STRICT;

-- The order of the view `best`. The options decide between equal scores.
CREATE INDEX ranking ON trial (ifnull(score, 9e999), hidden, window, batch, init, lr, clip, seed)
  WHERE status = 'done';

-- total_loss of some epochs; epochs whose loss was not finite are left out.
CREATE TABLE curve (
  trial INTEGER NOT NULL REFERENCES trial,
  epoch INTEGER NOT NULL,
  loss REAL NOT NULL,
  PRIMARY KEY (trial, epoch)
) STRICT, WITHOUT ROWID;

-- The parameters after training, for the trials whose parameters are kept: float32, little endian,
-- W_xh (H, I), W_hh (H, H), b_h (H), W_hy (O, H), b_y (O).
CREATE TABLE parameters (
  trial INTEGER PRIMARY KEY REFERENCES trial,
  value BLOB NOT NULL
) STRICT;

-- The states from which trials that have not ended go on.
CREATE TABLE checkpoint (
  trial INTEGER PRIMARY KEY REFERENCES trial,
  epoch INTEGER NOT NULL, -- epochs done
  parameters BLOB NOT NULL, -- after those, as above; then byte 1 and a hash of 8 bytes (not in 0.1)
  seconds REAL NOT NULL -- of training so far
) STRICT;

-- How many trials have each status.
CREATE VIEW progress AS
  SELECT status, count(*) AS count FROM trial GROUP BY status;

-- The trials that are done, best first.
CREATE VIEW best AS
  SELECT id, hidden, window, batch, init, lr, clip, seed, score, loss, validation_loss, seconds,
    device, hash
  FROM trial WHERE status = 'done'
  ORDER BY ifnull(score, 9e999), hidden, window, batch, init, lr, clip, seed;

-- The trials that diverged, and in which epoch.
CREATE VIEW diverged AS
  SELECT id, hidden, window, batch, init, lr, clip, seed, diverged_at, seconds, device
  FROM trial WHERE status = 'diverged' ORDER BY id;

-- Once for each OPTION of hidden, window, batch, init, lr, clip, seed:
-- Statistics of the trials that have the same value of it. Quartiles are interpolated scores
-- (Hyndman and Fan's type 7): quartile q of n scores has the rank q (n - 1), counted from 0. Each
-- of the two scores next to it has the weight 1 minus its distance. seconds: mean per trial that
-- has ended.
CREATE VIEW by_OPTION AS
  SELECT OPTION, count(*) AS trials, sum(status = 'done') AS done,
    sum(status = 'diverged') AS diverged, sum(status = 'failed') AS failed,
    min(score) AS best,
    sum(score * max(0, 1 - abs(rank - 0.25 * last))) AS lower_quartile,
    sum(score * max(0, 1 - abs(rank - 0.5 * last))) AS median,
    sum(score * max(0, 1 - abs(rank - 0.75 * last))) AS upper_quartile,
    avg(seconds) FILTER (WHERE status <> 'pending') AS seconds
  FROM (
    SELECT OPTION, status, score, seconds,
      row_number() OVER (PARTITION BY OPTION ORDER BY score IS NULL, score) - 1 AS rank,
      count(score) OVER (PARTITION BY OPTION) - 1 AS last
    FROM trial)
  GROUP BY OPTION ORDER BY OPTION;
