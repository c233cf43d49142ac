"""The only Django app: it has all of the site's tables."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """The app ``records``. Each model's ``db_table`` begins with the name of the package that the table belongs to."""

    name = "undersigned.web.records"
    label = "records"
