"""Reports of a folder of experiments: tables, figures and a page, from the files of its cells."""
