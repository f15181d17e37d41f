"""What happens in this room that others may react to."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class DocumentChanged:
    """A document was added or deleted, or is one step further."""

    document_id: UUID


@dataclass(frozen=True)
class SourceChanged:
    """A source was added, changed or deleted, or one of its pages was fetched."""

    source_id: UUID
