-- First step from schema 1 to 2: makes room for the tables of schema.sql. The views of
-- schema1_views.sql end here.
DROP VIEW temp.best; DROP VIEW temp.checkpoint; DROP VIEW temp.curves; DROP VIEW temp.trial;
DROP VIEW temp.study;
DROP VIEW by_hidden; DROP VIEW by_window; DROP VIEW by_batch; DROP VIEW by_init; DROP VIEW by_lr;
DROP VIEW by_clip; DROP VIEW by_seed; DROP VIEW diverged; DROP VIEW best; DROP VIEW progress;
DROP INDEX ranking;
ALTER TABLE study RENAME TO study1;
ALTER TABLE trial RENAME TO trial1;
ALTER TABLE curve RENAME TO curve1;
ALTER TABLE parameters RENAME TO parameters1;
ALTER TABLE checkpoint RENAME TO checkpoint1;
