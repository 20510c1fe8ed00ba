"""Words and sentences of the quick start's generated requests; `corpus` puts them together."""

from typing import Dict, Tuple

TABLES: Dict[str, Tuple[str, ...]] = {
    "airports": ("city", "country", "runways", "code", "height"),
    "animals": ("species", "age", "weight", "colour", "origin"),
    "books": ("title", "author", "year", "price", "language"),
    "cars": ("brand", "model", "price", "colour", "year"),
    "courses": ("title", "teacher", "room", "duration", "credits"),
    "doctors": ("name", "hospital", "salary", "city", "phone"),
    "employees": ("name", "salary", "office", "phone", "manager"),
    "flights": ("origin", "airline", "price", "gate", "seats"),
    "hotels": ("city", "stars", "price", "rooms", "owner"),
    "invoices": ("customer", "total", "status", "currency", "year"),
    "matches": ("team", "score", "stadium", "city", "year"),
    "movies": ("title", "director", "year", "genre", "language"),
    "museums": ("name", "city", "country", "rating", "owner"),
    "parcels": ("customer", "price", "status", "city", "weight"),
    "patients": ("name", "disease", "age", "doctor", "room"),
    "players": ("name", "team", "score", "country", "height"),
    "products": ("name", "brand", "price", "stock", "colour"),
    "recipes": ("title", "author", "rating", "duration", "country"),
    "rivers": ("name", "length", "country", "depth", "source"),
    "shops": ("owner", "city", "street", "phone", "rating"),
    "songs": ("title", "artist", "album", "genre", "year"),
    "students": ("name", "grade", "city", "year", "email"),
    "teachers": ("name", "subject", "salary", "room", "email"),
    "tickets": ("price", "stadium", "seat", "status", "owner"),
}
"""The columns of each table."""

HANDLES = ("conn", "connection", "cursor", "db", "engine", "session")
"""Names of what executes a query."""

LISTS = ("data", "entries", "found", "items", "records", "values")
"""Names of a Python list of rows, for the requests that need no SQL."""

Style = Dict[str, Tuple[str, ...]]

STYLES: Dict[str, Style] = {
    "A": {
        "query": (
            "Use {handle} to {what} the {table} table{where}, {fetch} and {outcome}.",
            "With {handle} {what} the {table} table{where}. Then {fetch} and {outcome}.",
        ),
        "every column": ("query all columns of", "read every column from"),
        "column": ("query the {column} column of", "read the column {column} from"),
        "distinct": ("query the distinct {column} of", "read each distinct {column} from"),
        "where": (" where {key} is as given", " by a given {key}", " based on its {key}"),
        "fetchall": ("fetch all rows", "get all the rows"),
        "fetchone": ("fetch one row", "get one row"),
        "first": ("take the first row", "keep the first row"),
        "list": (
            "Use the list {handle} of {table} to {what} and {outcome}.",
            "With the list {handle} of {table} {what}. Then {outcome}.",
        ),
        "equal": ("filter by equal {key}", "take those of the given {key}"),
        "above": ("filter by greater {key}", "take those above the given {key}"),
        "sort": ("sort by {column}", "order them by {column}"),
        "pluck": ("collect the {column} of each", "take each {column}"),
        "return": ("return the result", "return what you got"),
        "loop": ("print each one in a loop", "loop over them and print"),
        "print": ("print it", "print the result"),
        "jsonify": ("return it with jsonify", "return the result through jsonify"),
        "field": ("return its {field}", "return the {field} field of it"),
    },
    "B": {
        "query": (
            "{outcome} {fetch} among the {table}{where}, {what}, by asking {handle}.",
            "Asking {handle} for {table}{where}, {what}: {outcome} {fetch}.",
        ),
        "every column": ("complete with everything known", "leaving no detail out"),
        "column": ("of which just the {column} matters", "giving nothing but the {column}"),
        "distinct": ("naming no {column} twice", "listing the {column} without repeats"),
        "where": (" of some {key}", " whose {key} I pass in", " having a certain {key}"),
        "fetchall": ("every record", "the whole set"),
        "fetchone": ("a single record", "just a record"),
        "first": ("the earliest record", "the top record"),
        "list": (
            "{outcome} the {table} in {handle}, {what}, no database being involved.",
            "Without a database, from the {table} inside {handle}, {what}: {outcome} that.",
        ),
        "equal": ("only those of some {key}", "just where the {key} matches"),
        "above": ("only those over some {key}", "just where the {key} is beyond mine"),
        "sort": ("arranged by {column}", "ranked on {column}"),
        "pluck": ("reduced to their {column}", "leaving only the {column} of any"),
        "return": ("hand back", "give me"),
        "loop": ("show line by line", "display one after another"),
        "print": ("show", "display"),
        "jsonify": ("answer in JSON with", "reply as JSON giving"),
        "field": ("hand back the {field} out of", "give me the {field} within"),
    },
}
"""The equal wordings of each part of a request, by style; `corpus.to_words` fills the braces.

`query` and `list` are whole sentences that hold the other parts.
"""
