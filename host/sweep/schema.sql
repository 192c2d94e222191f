-- A study, schema version 2: the contents of an SQLite file that `windrow sweep` writes.
-- application_id is "Wrow". store.h repeats both numbers.
PRAGMA application_id = 0x57726f77;
PRAGMA user_version = 2;

-- Settings that all trials share.
CREATE TABLE study (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  fixed INTEGER NOT NULL CHECK (fixed IN (0, 1)) -- 1: results depend on it
) STRICT, WITHOUT ROWID;

-- One model. Its result depends only on its options, which are the columns up to bias, and on the
-- study's settings. Numbers that were not finite are NULL; status says why.
CREATE TABLE trial (
  id INTEGER PRIMARY KEY,
  hidden INTEGER NOT NULL,
  window INTEGER NOT NULL,
  batch INTEGER NOT NULL, -- windows per update; 0: all
  init TEXT NOT NULL CHECK (init IN ('notebook', 'pytorch', 'glorot', 'orthogonal')),
  lr REAL NOT NULL,
  clip REAL NOT NULL, -- 0: none
  seed INTEGER NOT NULL,
  -- The learning rule; by default the notebook's. A number that means nothing beside the words is 0.
  optimizer TEXT NOT NULL DEFAULT 'sgd'
    CHECK (optimizer IN ('sgd', 'momentum', 'rmsprop', 'adam')),
  momentum REAL NOT NULL DEFAULT 0,
  beta1 REAL NOT NULL DEFAULT 0,
  beta2 REAL NOT NULL DEFAULT 0,
  epsilon REAL NOT NULL DEFAULT 0,
  weight_decay REAL NOT NULL DEFAULT 0,
  clip_by TEXT NOT NULL DEFAULT 'value' CHECK (clip_by IN ('value', 'norm')),
  lr_decay TEXT NOT NULL DEFAULT 'constant'
    CHECK (lr_decay IN ('constant', 'linear', 'cosine')),
  "order" TEXT NOT NULL DEFAULT 'sequential'
    CHECK ("order" IN ('sequential', 'shuffled', 'recent')),
  recency INTEGER NOT NULL DEFAULT 0,
  activation TEXT NOT NULL DEFAULT 'tanh'
    CHECK (activation IN ('tanh', 'relu', 'identity')),
  bias TEXT NOT NULL DEFAULT 'both'
    CHECK (bias IN ('both', 'hidden', 'head', 'none')),
  -- How it ended.
  status TEXT NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'done', 'diverged', 'failed', 'pruned')),
  why TEXT, -- why it failed
  loss REAL, -- total_loss of the last epoch
  validation_loss REAL, -- mean loss of the windows held out
  -- Trials that are done are ranked by it; the least is best. Of pruned ones: that of their rung.
  score REAL CHECK (score IS NULL OR status IN ('done', 'pruned')),
  diverged_at INTEGER, -- epoch
  epochs INTEGER, -- trained
  best_epoch INTEGER, -- epochs after which the parameters were best, with early stopping
  hash TEXT, -- of the parameters at the end: 16 hex digits
  device TEXT,
  seconds REAL, -- of training: the trial's share of its ensemble's
  version TEXT -- of the library that trained it
) STRICT;
CREATE UNIQUE INDEX options ON trial (hidden, window, batch, init, lr, clip, seed, optimizer,
  momentum, beta1, beta2, epsilon, weight_decay, clip_by, lr_decay, "order", recency, activation,
  bias);

-- The order of the view `best`. The options decide between equal scores, and then the ids.
CREATE INDEX ranking ON trial (ifnull(score, 9e999), hidden, window, batch, init, lr, clip, seed)
  WHERE status = 'done';

-- total_loss of some epochs; epochs whose loss was not finite are left out.
CREATE TABLE curves (
  trial INTEGER PRIMARY KEY REFERENCES trial,
  points TEXT NOT NULL -- epoch, loss, epoch, loss, ...: numbers with commas between
) STRICT;

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
  -- As above: the parameters after those; the optimizer's state; the best parameters, if there is
  -- a best_epoch. Then byte 1 and a hash of 8 bytes, which 0.1 did not write.
  parameters BLOB NOT NULL,
  -- Early stopping: the best validation loss, the epochs done then, validations since.
  validated REAL,
  best_epoch INTEGER,
  waited INTEGER,
  score REAL, -- of a trial that waits here for the others of its bracket
  seconds REAL NOT NULL -- of training so far
) STRICT;

-- The points of curves as rows.
CREATE VIEW curve AS
  SELECT trial, CAST(at.value AS INTEGER) AS epoch, CAST(loss.value AS REAL) AS loss
  FROM curves, json_each('[' || points || ']') AS at
  JOIN json_each('[' || points || ']') AS loss ON loss.key = at.key + 1
  WHERE at.key % 2 = 0;

-- How many trials have each status.
CREATE VIEW progress AS
  SELECT status, count(*) AS count FROM trial GROUP BY status;

-- The trials that are done, best first.
CREATE VIEW best AS
  SELECT id, hidden, window, batch, init, lr, clip, seed, optimizer, momentum, beta1, beta2,
    epsilon, weight_decay, clip_by, lr_decay, "order", recency, activation, bias, score, loss,
    validation_loss, epochs, best_epoch, seconds, device, hash
  FROM trial WHERE status = 'done'
  ORDER BY ifnull(score, 9e999), hidden, window, batch, init, lr, clip, seed, id;

-- The trials that diverged, and in which epoch.
CREATE VIEW diverged AS
  SELECT id, hidden, window, batch, init, lr, clip, seed, optimizer, momentum, beta1, beta2,
    epsilon, weight_decay, clip_by, lr_decay, "order", recency, activation, bias, diverged_at,
    seconds, device
  FROM trial WHERE status = 'diverged' ORDER BY id;

-- Once for each OPTION of hidden, window, batch, init, lr, clip, seed, optimizer, momentum, beta1, beta2, epsilon, weight_decay, clip_by, lr_decay, order, recency, activation, bias:
-- Statistics of the trials that have the same value of it. Quartiles are interpolated scores
-- (Hyndman and Fan's type 7): quartile q of n scores has the rank q (n - 1), counted from 0. Each
-- of the two scores next to it has the weight 1 minus its distance. seconds: mean per trial that
-- has ended.
CREATE VIEW by_OPTION AS
  SELECT "OPTION", count(*) AS trials, sum(status = 'done') AS done,
    sum(status = 'diverged') AS diverged, sum(status = 'failed') AS failed,
    sum(status = 'pruned') AS pruned,
    min(score) AS best,
    sum(score * max(0, 1 - abs(rank - 0.25 * last))) AS lower_quartile,
    sum(score * max(0, 1 - abs(rank - 0.5 * last))) AS median,
    sum(score * max(0, 1 - abs(rank - 0.75 * last))) AS upper_quartile,
    avg(seconds) FILTER (WHERE status <> 'pending') AS seconds
  FROM (
    SELECT "OPTION", status, score, seconds,
      row_number() OVER (PARTITION BY "OPTION" ORDER BY score IS NULL, score) - 1 AS rank,
      count(score) OVER (PARTITION BY "OPTION") - 1 AS last
    FROM (SELECT "OPTION", status, iif(status = 'done', score, NULL) AS score, seconds FROM trial))
  GROUP BY "OPTION" ORDER BY "OPTION";
