-- Last step from schema 1 to 2: what the tables of schema 1 hold moves into those of schema.sql.
-- Every trial of 0.1 learned by the notebook's rule, to its last epoch.
INSERT INTO study SELECT * FROM study1;
INSERT OR REPLACE INTO study
  SELECT column1, column2, 1
  FROM (VALUES ('validate-every', '0'), ('patience', '0'), ('halving', 'none'), ('loss', 'mse'),
    ('loss-number', '0'))
  WHERE EXISTS (SELECT 1 FROM study1); -- a study without settings takes those of its first sweep
INSERT INTO trial
  SELECT id, hidden, window, batch, init, lr, clip, seed, 'sgd', 0, 0, 0, 0, 0, 'value', 'constant',
    'sequential', 0, 'tanh', 'both', status, why, loss, validation_loss, score, diverged_at,
    CASE status WHEN 'done' THEN (SELECT CAST(value AS INTEGER) FROM study WHERE name = 'epochs')
      WHEN 'diverged' THEN diverged_at + 1 END,
    NULL, hash, device, seconds, version
  FROM trial1;
INSERT INTO curves
  SELECT trial, group_concat(epoch || ',' || loss, ',')
  FROM (SELECT trial, epoch, loss FROM curve1
    WHERE abs(loss) < 9e999 AND trial IN (SELECT id FROM trial) ORDER BY trial, epoch)
  GROUP BY trial;
INSERT INTO parameters SELECT trial, value FROM parameters1;
INSERT INTO checkpoint
  SELECT trial, epoch, parameters, NULL, NULL, NULL, NULL, seconds FROM checkpoint1;
DROP TABLE curve1; DROP TABLE parameters1; DROP TABLE checkpoint1; DROP TABLE trial1;
DROP TABLE study1;
