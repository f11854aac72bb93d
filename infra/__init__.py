"""Tools around the application: its package, its template, and the embedded AWS to run it on."""
