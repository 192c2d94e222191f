-- Shows a study of schema 1 as one of schema 2, for readers: its views of this connection stand
-- before the file's tables of the same names.
CREATE TEMP VIEW study AS
  SELECT name, value, fixed FROM main.study
  WHERE name NOT IN ('validate-every', 'patience', 'halving', 'loss', 'loss-number')
  UNION ALL SELECT column1, column2, 1
  FROM (VALUES ('validate-every', '0'), ('patience', '0'), ('halving', 'none'), ('loss', 'mse'),
    ('loss-number', '0'))
  WHERE EXISTS (SELECT 1 FROM main.study);
CREATE TEMP VIEW trial AS
  SELECT id, hidden, window, batch, init, lr, clip, seed, 'sgd' AS optimizer, 0.0 AS momentum,
    0.0 AS beta1, 0.0 AS beta2, 0.0 AS epsilon, 0.0 AS weight_decay, 'value' AS clip_by,
    'constant' AS lr_decay, 'sequential' AS "order", 0 AS recency, 'tanh' AS activation,
    'both' AS bias, status, why, loss, validation_loss, score, diverged_at,
    CASE status WHEN 'done' THEN
        (SELECT CAST(value AS INTEGER) FROM main.study WHERE name = 'epochs')
      WHEN 'diverged' THEN diverged_at + 1 END AS epochs,
    NULL AS best_epoch, hash, device, seconds, version
  FROM main.trial;
CREATE TEMP VIEW curves AS
  SELECT trial, group_concat(epoch || ',' || loss, ',') AS points
  FROM (SELECT trial, epoch, loss FROM main.curve WHERE abs(loss) < 9e999 ORDER BY trial, epoch)
  GROUP BY trial;
CREATE TEMP VIEW checkpoint AS
  SELECT trial, epoch, parameters, NULL AS validated, NULL AS best_epoch, NULL AS waited,
    NULL AS score, seconds
  FROM main.checkpoint;
CREATE TEMP VIEW best AS
  SELECT id, hidden, window, batch, init, lr, clip, seed, optimizer, momentum, beta1, beta2,
    epsilon, weight_decay, clip_by, lr_decay, "order", recency, activation, bias, score, loss,
    validation_loss, epochs, best_epoch, seconds, device, hash
  FROM temp.trial WHERE status = 'done'
  ORDER BY ifnull(score, 9e999), hidden, window, batch, init, lr, clip, seed, id;
