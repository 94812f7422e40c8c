DROP INDEX initiatives_title;
DROP TABLE imports;
