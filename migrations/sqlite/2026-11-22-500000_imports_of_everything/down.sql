DROP TABLE import_refused;
