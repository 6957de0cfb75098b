"""What gunicorn serves."""
# The peer is installed in the benchmark's own environment only, so the type checker does not see it.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
