-- Version 1 does not know it; the default is what its orders meant.
ALTER TABLE orders ADD COLUMN quantity integer NOT NULL DEFAULT 1;
