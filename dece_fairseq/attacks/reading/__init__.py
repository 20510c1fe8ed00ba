"""What rules read in code: what its names stand for, its strings, SQL, requests and TLS."""
