"""Tenants full of synthetic texts, in by COPY as the superuser, who alone may COPY past row-level security."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from io import BytesIO
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np

from app.kit.db import Database
from app.kit.ids import new_id
from app.tenancy.organisations import create_organisation
from bench.synthetic import Numbers, Writer, Written

BATCH = 2_000
# Tenants whose texts are stretches of the large tenant's: theirs are copied, all tenants' at once.
COPIED = """
    CREATE TABLE bench_copied AS
        SELECT tenant.org_id, tenant.document_id, tenant.version_id, chunk.id AS source, gen_random_uuid() AS id,
               chunk.ordinal
        FROM bench_tenant tenant
        JOIN chunk ON chunk.version_id = $1 AND chunk.ordinal >= tenant.first AND chunk.ordinal < tenant.last
        ORDER BY tenant.org_id, chunk.ordinal
"""
COPY_TENANTS = """
    ANALYZE;
    INSERT INTO chunk (org_id, id, document_id, version_id, ordinal, headings, page, text)
        SELECT copied.org_id, copied.id, copied.document_id, copied.version_id, copied.ordinal, '{}', NULL, text
        FROM bench_copied copied JOIN chunk ON chunk.id = copied.source;
    INSERT INTO chunk_vector (org_id, chunk_id, version_id, dense, lexical)
        SELECT copied.org_id, copied.id, copied.version_id, dense, lexical
        FROM bench_copied copied JOIN chunk_vector ON chunk_id = copied.source;
    INSERT INTO chunk_pairs (org_id, chunk_id, version_id, pairs, reads, terms)
        SELECT copied.org_id, copied.id, copied.version_id, pairs, reads, terms
        FROM bench_copied copied JOIN chunk_pairs ON chunk_id = copied.source;
"""
# A row of corpus_term in the binary form of COPY: how many fields, and each with its length before it.
TERM_FIELDS = "fields:>i2 is_16:>i4 org:V16 is_4:>i4 term:>i4 so_is:>i4 chunks:>i4"
TERM_ROW = np.dtype([(name, kind) for name, _, kind in (one.partition(":") for one in TERM_FIELDS.split())])
COPY_HEAD, COPY_TAIL = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


@dataclass(frozen=True)
class Tenant:
    """Its texts are those of the large tenant from `first` to before `last`."""

    org_id: UUID
    document_id: UUID
    version_id: UUID
    first: int
    last: int


class Loader:
    def __init__(self, database: Database, admin: Any, writer: Writer) -> None:
        self.database, self.admin, self.writer = database, admin, writer
        self.texts: list[str] = []
        self.terms: list[Numbers] = []

    async def large_tenant(self, size: int) -> Tenant:
        tenant = await self.tenant(0, size)
        for batch in in_batches(self.writer.chunks(tenant.last)):
            await self.copy(tenant, batch)
        await self.count([tenant])
        return tenant

    async def tenant(self, first: int, last: int) -> Tenant:
        """An organisation with a document, which has no chunks yet."""
        org_id, document_id, version_id = await self.organisation(), new_id(), new_id()
        await self.admin.execute(
            "INSERT INTO document (id, org_id, name, source, current_version_id, created_at, updated_at)"
            " VALUES ($1, $2, 'Bench', 'upload', $3, now(), now())",
            *(document_id, org_id, version_id),
        )
        await self.admin.execute(
            "INSERT INTO document_version (id, org_id, document_id, number, state, sha256, size, timings, created_at)"
            " VALUES ($1, $2, $3, 1, 'ready', '', 0, '{}', now())",
            *(version_id, org_id, document_id),
        )
        return Tenant(org_id, document_id, version_id, first, last)

    async def copy_tenants(self, big: Tenant, tenants: Sequence[Tenant]) -> None:
        await self.admin.execute(
            "CREATE TABLE bench_tenant (org_id uuid, document_id uuid, version_id uuid, first int, last int)"
        )
        await self.admin.copy_records_to_table("bench_tenant", records=[astuple(one) for one in tenants])
        await self.admin.execute(COPIED.replace("$1", f"'{big.version_id}'"))
        await self.admin.execute(COPY_TENANTS)
        await self.count(tenants)

    async def organisation(self) -> UUID:
        async with self.database.transaction(None) as session:
            slug = f"bench-{new_id().hex}"
            return (await create_organisation(session, slug=slug, name="Bench")).id

    async def copy(self, tenant: Tenant, batch: Sequence[Written]) -> None:
        ids = [new_id() for _ in batch]
        first = len(self.texts)
        numbered = list(enumerate(zip(ids, batch, strict=True), first))
        version = tenant.version_id
        place = tenant.document_id, version
        chunks: list[tuple[object, ...]] = [
            (one, tenant.org_id, *place, at, [], None, it.text, None) for at, (one, it) in numbered
        ]
        vectors = [(tenant.org_id, one, version, it.dense, it.terms) for _, (one, it) in numbered]
        pairs = [
            (tenant.org_id, one, version, it.pairs, at, it.numbers.astype(">i4").tobytes())
            for at, (one, it) in numbered
        ]
        for table, rows in (("chunk", chunks), ("chunk_vector", vectors), ("chunk_pairs", pairs)):
            await self.admin.copy_records_to_table(table, records=rows)
        self.texts += [chunk.text for chunk in batch]
        self.terms += [chunk.numbers for chunk in batch]

    async def count(self, tenants: Sequence[Tenant]) -> None:
        for tenant in tenants:
            known, chunks = np.unique(
                np.concatenate(self.terms[tenant.first : tenant.last]), return_counts=True
            )
            rows = np.zeros(len(known), TERM_ROW)
            rows["fields"], rows["is_16"], rows["is_4"], rows["so_is"] = 3, 16, 4, 4
            rows["org"], rows["term"], rows["chunks"] = np.void(tenant.org_id.bytes), known, chunks
            copied = BytesIO(COPY_HEAD + rows.tobytes() + COPY_TAIL)
            await self.admin.copy_to_table("corpus_term", source=copied, format="binary")
            totals = (tenant.org_id, "und", tenant.last - tenant.first, int(chunks.sum()))
            await self.admin.execute("INSERT INTO corpus VALUES ($1, $2, $3, $4)", *totals)


def in_batches(chunks: Iterator[Written]) -> Iterator[list[Written]]:
    while batch := list(islice(chunks, BATCH)):
        yield batch
