"""A minimal Django project around django-scim2, as its documents show it: users and groups in one SQLite file."""
