DROP TABLE partner_names;
