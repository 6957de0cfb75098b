"""The library's endpoints."""
# The peer is installed in the benchmark's own environment only, so the type checker does not see it.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from django.urls import include, path

urlpatterns = [path("scim/v2/", include("django_scim.urls", namespace="scim"))]
