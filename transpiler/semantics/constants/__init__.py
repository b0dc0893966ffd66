"""What constants come to, at Kusto's own precision: arithmetic, conversions, the calendar, hashes, shapes. Knows no names."""
