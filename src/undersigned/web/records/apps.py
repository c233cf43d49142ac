"""The one Django application: all of the site's tables."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """``records``. Tables have the names of the rooms they belong to, which stand in each model's ``db_table``."""

    name = "undersigned.web.records"
    label = "records"
