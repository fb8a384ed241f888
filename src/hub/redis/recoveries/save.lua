-- Writes a record whole, unless another connection holds it.
-- KEYS record. ARGV epoch and id of its start, then as write_record.
return write_record(key(), arg(), arg())
