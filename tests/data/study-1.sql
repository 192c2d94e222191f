PRAGMA application_id = 1467117431;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE study (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  fixed INTEGER NOT NULL CHECK (fixed IN (0, 1)) -- 1: results depend on it
) STRICT, WITHOUT ROWID;
INSERT INTO study VALUES('curve','2',1);
INSERT INTO study VALUES('data','6f76ca74a2f54a25',1);
INSERT INTO study VALUES('data-seed','0',0);
INSERT INTO study VALUES('epochs','4',1);
INSERT INTO study VALUES('grid','4',0);
INSERT INTO study VALUES('inputs','x',1);
INSERT INTO study VALUES('keep','all',0);
INSERT INTO study VALUES('numerics','1',1);
INSERT INTO study VALUES('rows','40',1);
INSERT INTO study VALUES('scale','none',1);
INSERT INTO study VALUES('series','ar2',0);
INSERT INTO study VALUES('target','x',1);
INSERT INTO study VALUES('validate','0.2',1);
INSERT INTO study VALUES('windrow','0.1.0',0);
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
  why TEXT, -- of one that failed
  loss REAL, -- total_loss of the last epoch
  validation_loss REAL, -- mean loss of the windows held out
  score REAL CHECK (score IS NULL OR status = 'done'), -- what trials are ranked by: least is best
  diverged_at INTEGER, -- epoch
  hash TEXT, -- of the parameters at the end: 16 hex digits
  device TEXT,
  seconds REAL, -- of training: the trial's share
  version TEXT, -- of the library that trained it
  UNIQUE (hidden, window, batch, init, lr, clip, seed)
) STRICT;
INSERT INTO trial VALUES(1,2,3,1,'notebook',0.010000000000000000208,0.0,0,'done',NULL,713.08557128906249998,19.676216959953308105,19.676216959953308105,NULL,'89579d8e0dea0734','cpu',0.125,'0.1.0');
INSERT INTO trial VALUES(2,2,3,1,'notebook',0.010000000000000000208,0.0,1,'done',NULL,468.83074951171874998,12.55347520112991333,12.55347520112991333,NULL,'b302350a45f4cd3c','cpu',0.25,'0.1.0');
INSERT INTO trial VALUES(3,2,3,1,'notebook',1000000.0,0.0,0,'diverged',NULL,NULL,NULL,NULL,0,'7a5338420f6f11e8','cpu',0.375,'0.1.0');
INSERT INTO trial VALUES(4,2,3,1,'notebook',1000000.0,0.0,1,'diverged',NULL,NULL,NULL,NULL,0,'7a5338420f6f11e8','cpu',0.5,'0.1.0');
CREATE TABLE curve (
  trial INTEGER NOT NULL REFERENCES trial,
  epoch INTEGER NOT NULL,
  loss REAL NOT NULL,
  PRIMARY KEY (trial, epoch)
) STRICT, WITHOUT ROWID;
INSERT INTO curve VALUES(1,0,1384.719970703125);
INSERT INTO curve VALUES(1,3,713.08557128906249998);
INSERT INTO curve VALUES(2,0,883.22802734374999998);
INSERT INTO curve VALUES(2,3,468.83074951171874998);
CREATE TABLE parameters (
  trial INTEGER PRIMARY KEY REFERENCES trial,
  value BLOB NOT NULL
) STRICT;
INSERT INTO parameters VALUES(1,X'1e72a9c1fc1623bfdfde21bff33d8e3fd6d5a73e4cd3e9bdb6edb1bf77a829be320773c06f39a83f8c5f1b40');
INSERT INTO parameters VALUES(2,X'a90432bf4aa9b8bef1ea9dbd2ca4923dd4128d3ef7b362bdf2343d3fce2e33bf99db63be2093b93f1291a740');
CREATE TABLE checkpoint (
  trial INTEGER PRIMARY KEY REFERENCES trial,
  epoch INTEGER NOT NULL, -- epochs done
  parameters BLOB NOT NULL, -- after them, as above
  seconds REAL NOT NULL -- of training so far
) STRICT;
CREATE INDEX ranking ON trial (ifnull(score, 9e999), hidden, window, batch, init, lr, clip, seed)
  WHERE status = 'done';
CREATE VIEW progress AS
  SELECT status, count(*) AS count FROM trial GROUP BY status;
CREATE VIEW best AS
  SELECT id, hidden, window, batch, init, lr, clip, seed, score, loss, validation_loss, seconds,
    device, hash
  FROM trial WHERE status = 'done'
  ORDER BY ifnull(score, 9e999), hidden, window, batch, init, lr, clip, seed;
CREATE VIEW diverged AS
  SELECT id, hidden, window, batch, init, lr, clip, seed, diverged_at, seconds, device
  FROM trial WHERE status = 'diverged' ORDER BY id;
CREATE VIEW by_hidden AS
  SELECT hidden, count(*) AS trials, sum(status = 'done') AS done,
    sum(status = 'diverged') AS diverged, sum(status = 'failed') AS failed,
    min(score) AS best,
    sum(score * max(0, 1 - abs(rank - 0.25 * last))) AS lower_quartile,
    sum(score * max(0, 1 - abs(rank - 0.5 * last))) AS median,
    sum(score * max(0, 1 - abs(rank - 0.75 * last))) AS upper_quartile,
    avg(seconds) FILTER (WHERE status <> 'pending') AS seconds
  FROM (
    SELECT hidden, status, score, seconds,
      row_number() OVER (PARTITION BY hidden ORDER BY score IS NULL, score) - 1 AS rank,
      count(score) OVER (PARTITION BY hidden) - 1 AS last
    FROM trial)
  GROUP BY hidden ORDER BY hidden;
CREATE VIEW by_window AS
  SELECT window, count(*) AS trials, sum(status = 'done') AS done,
    sum(status = 'diverged') AS diverged, sum(status = 'failed') AS failed,
    min(score) AS best,
    sum(score * max(0, 1 - abs(rank - 0.25 * last))) AS lower_quartile,
    sum(score * max(0, 1 - abs(rank - 0.5 * last))) AS median,
    sum(score * max(0, 1 - abs(rank - 0.75 * last))) AS upper_quartile,
    avg(seconds) FILTER (WHERE status <> 'pending') AS seconds
  FROM (
    SELECT window, status, score, seconds,
      row_number() OVER (PARTITION BY window ORDER BY score IS NULL, score) - 1 AS rank,
      count(score) OVER (PARTITION BY window) - 1 AS last
    FROM trial)
  GROUP BY window ORDER BY window;
CREATE VIEW by_batch AS
  SELECT batch, count(*) AS trials, sum(status = 'done') AS done,
    sum(status = 'diverged') AS diverged, sum(status = 'failed') AS failed,
    min(score) AS best,
    sum(score * max(0, 1 - abs(rank - 0.25 * last))) AS lower_quartile,
    sum(score * max(0, 1 - abs(rank - 0.5 * last))) AS median,
    sum(score * max(0, 1 - abs(rank - 0.75 * last))) AS upper_quartile,
    avg(seconds) FILTER (WHERE status <> 'pending') AS seconds
  FROM (
    SELECT batch, status, score, seconds,
      row_number() OVER (PARTITION BY batch ORDER BY score IS NULL, score) - 1 AS rank,
      count(score) OVER (PARTITION BY batch) - 1 AS last
    FROM trial)
  GROUP BY batch ORDER BY batch;
CREATE VIEW by_init AS
  SELECT init, count(*) AS trials, sum(status = 'done') AS done,
    sum(status = 'diverged') AS diverged, sum(status = 'failed') AS failed,
    min(score) AS best,
    sum(score * max(0, 1 - abs(rank - 0.25 * last))) AS lower_quartile,
    sum(score * max(0, 1 - abs(rank - 0.5 * last))) AS median,
    sum(score * max(0, 1 - abs(rank - 0.75 * last))) AS upper_quartile,
    avg(seconds) FILTER (WHERE status <> 'pending') AS seconds
  FROM (
    SELECT init, status, score, seconds,
      row_number() OVER (PARTITION BY init ORDER BY score IS NULL, score) - 1 AS rank,
      count(score) OVER (PARTITION BY init) - 1 AS last
    FROM trial)
  GROUP BY init ORDER BY init;
CREATE VIEW by_lr AS
  SELECT lr, count(*) AS trials, sum(status = 'done') AS done,
    sum(status = 'diverged') AS diverged, sum(status = 'failed') AS failed,
    min(score) AS best,
    sum(score * max(0, 1 - abs(rank - 0.25 * last))) AS lower_quartile,
    sum(score * max(0, 1 - abs(rank - 0.5 * last))) AS median,
    sum(score * max(0, 1 - abs(rank - 0.75 * last))) AS upper_quartile,
    avg(seconds) FILTER (WHERE status <> 'pending') AS seconds
  FROM (
    SELECT lr, status, score, seconds,
      row_number() OVER (PARTITION BY lr ORDER BY score IS NULL, score) - 1 AS rank,
      count(score) OVER (PARTITION BY lr) - 1 AS last
    FROM trial)
  GROUP BY lr ORDER BY lr;
CREATE VIEW by_clip AS
  SELECT clip, count(*) AS trials, sum(status = 'done') AS done,
    sum(status = 'diverged') AS diverged, sum(status = 'failed') AS failed,
    min(score) AS best,
    sum(score * max(0, 1 - abs(rank - 0.25 * last))) AS lower_quartile,
    sum(score * max(0, 1 - abs(rank - 0.5 * last))) AS median,
    sum(score * max(0, 1 - abs(rank - 0.75 * last))) AS upper_quartile,
    avg(seconds) FILTER (WHERE status <> 'pending') AS seconds
  FROM (
    SELECT clip, status, score, seconds,
      row_number() OVER (PARTITION BY clip ORDER BY score IS NULL, score) - 1 AS rank,
      count(score) OVER (PARTITION BY clip) - 1 AS last
    FROM trial)
  GROUP BY clip ORDER BY clip;
CREATE VIEW by_seed AS
  SELECT seed, count(*) AS trials, sum(status = 'done') AS done,
    sum(status = 'diverged') AS diverged, sum(status = 'failed') AS failed,
    min(score) AS best,
    sum(score * max(0, 1 - abs(rank - 0.25 * last))) AS lower_quartile,
    sum(score * max(0, 1 - abs(rank - 0.5 * last))) AS median,
    sum(score * max(0, 1 - abs(rank - 0.75 * last))) AS upper_quartile,
    avg(seconds) FILTER (WHERE status <> 'pending') AS seconds
  FROM (
    SELECT seed, status, score, seconds,
      row_number() OVER (PARTITION BY seed ORDER BY score IS NULL, score) - 1 AS rank,
      count(score) OVER (PARTITION BY seed) - 1 AS last
    FROM trial)
  GROUP BY seed ORDER BY seed;
COMMIT;
