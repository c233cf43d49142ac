"""PostgreSQL as the site's database (docs/adr/0055): Django's backend with this site's own commit rules."""
