from test.store.conftest import database, empty_database, engine, roi_sets

__all__ = ["database", "empty_database", "engine", "roi_sets"]
