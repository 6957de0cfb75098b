"""What the store says, as the errors of RFC 7644 that it means, each with a detail for the customer's admin."""

from collections.abc import Generator
from contextlib import contextmanager

from vestibule.scim import errors
from vestibule.store import NotFound, Stale, Taken, TooMany, UnknownManager, UnknownMembers, Unsupported


@contextmanager
def in_scim_terms(resource_type: str, resource_id: str) -> Generator[None]:
    """Turn the store's errors within into ScimErrors. A Guarded is passed on: it is decided by the directory."""
    try:
        yield
    except NotFound as error:
        raise errors.NotFound(
            f"There is no {resource_type} {resource_id} in this connection; it may have been deleted.",
            resource_type=resource_type,
            id=resource_id,
        ) from error
    except Taken as error:
        raise errors.Uniqueness(
            f"Another {resource_type.lower()} of this connection already has the {error.attribute} {error.value!r}.",
            attribute=error.attribute,
            value=error.value,
            holder=error.holder,
        ) from error
    except Stale as error:
        raise errors.PreconditionFailed(
            f"The resource has changed meanwhile: If-Match names version {error.expected}, "
            f"the present one is {error.present}. Read it again and repeat the change."
        ) from error
    except UnknownMembers as error:
        raise errors.UnknownMembers(
            f"No such user in this connection: {', '.join(error.ids[:5])}"
            f"{f' and {len(error.ids) - 5} more' if len(error.ids) > 5 else ''}. Nobody was added or removed.",
            ids=list(error.ids),
            groups=list(error.groups),
        ) from error
    except UnknownManager as error:
        raise errors.UnknownManager(
            f"The manager {error.ref} is no user of this connection. Nothing was changed.", ids=[error.ref]
        ) from error
    except TooMany as error:
        raise errors.TooMany(
            f"This query takes too much: {error}. Narrow it with an attribute that is looked up by an index "
            "(id, userName, externalId, displayName, emails.value, active, meta.lastModified).",
            path=error.path,
        ) from error
    except Unsupported as error:
        raise errors.InvalidFilter(f"This query cannot be answered: {error}", path=error.path) from error
