"""What people and programs see: snapshot + situation -> page, text, feeds. Nothing is decided here."""
