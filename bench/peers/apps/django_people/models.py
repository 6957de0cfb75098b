"""Users and groups with the library's mixins."""
# The peer is installed in the benchmark's own environment only, so the type checker does not see it.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUntypedBaseClass=false, reportUnknownArgumentType=false

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Group(AbstractSCIMGroupMixin):
    """A group; its members are `user_set`, which is where the library looks."""

    name = models.CharField(max_length=254, unique=True)

    def __str__(self) -> str:
        return str(self.name)


class User(AbstractSCIMUserMixin, AbstractUser):
    """A user; its groups are `scim_groups`, which is where the library looks."""

    scim_groups = models.ManyToManyField(Group, related_name="user_set")
