"""The methods of a collection that change one document and give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import bson

from holdfast import _native
from holdfast.ids import new_object_id
from holdfast.namespace import Namespace
from holdfast.options import (
    array_filter_list,
    check_bool,
    check_mapping,
    check_replacement,
    check_update,
    hint_value,
    projection_document,
    refuse,
    refuse_unknown,
    sort_document,
)

if TYPE_CHECKING:
    from holdfast.options import Keys, Projection
    from holdfast.transaction import Transaction

D = TypeVar("D", bound=Mapping[str, Any])


class Modifying(Namespace[D]):
    """Changes a document and gives it, as it was or as it has become, with nobody in between.

    The document is the first one that matches the filter, in the order of `sort`. `let` and `collation` are
    refused.
    """

    __slots__ = ()

    def find_one_and_update(
        self,
        filter: Mapping[str, Any],
        update: Mapping[str, Any],
        projection: Projection | None = None,
        sort: Keys | None = None,
        upsert: bool = False,
        return_document: bool = False,
        array_filters: Sequence[Mapping[str, Any]] | None = None,
        hint: Keys | None = None,
        session: Transaction | None = None,
        let: Any = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> D | None:
        """Changes a document with operators such as ``$set``.

        Gives it as it was, or with ``return_document=ReturnDocument.AFTER`` as it has become; None when there
        is none. With `upsert`, a document is inserted when there is none.
        """
        refuse(let=let)
        refuse_unknown("find_one_and_update", kwargs)
        check_update(update)
        return self._modify(
            filter,
            session,
            update=update,
            projection=projection_document(projection),
            sort=sort_document(sort),
            upsert=check_bool("upsert", upsert),
            newId=new_object_id() if upsert else None,
            returnNew=check_bool("return_document", return_document),
            arrayFilters=array_filter_list(array_filters),
            hint=hint_value(hint),
        )

    def find_one_and_replace(
        self,
        filter: Mapping[str, Any],
        replacement: Mapping[str, Any],
        projection: Projection | None = None,
        sort: Keys | None = None,
        upsert: bool = False,
        return_document: bool = False,
        hint: Keys | None = None,
        session: Transaction | None = None,
        let: Any = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> D | None:
        """Puts another document in the place of one; the `_id` stays.

        Gives the document as it was, or with ``return_document=ReturnDocument.AFTER`` as it has become; None
        when there is none. With `upsert`, it is inserted when there is none.
        """
        refuse(let=let)
        refuse_unknown("find_one_and_replace", kwargs)
        check_replacement(replacement)
        return self._modify(
            filter,
            session,
            replacement=replacement,
            projection=projection_document(projection),
            sort=sort_document(sort),
            upsert=check_bool("upsert", upsert),
            newId=new_object_id() if upsert else None,
            returnNew=check_bool("return_document", return_document),
            hint=hint_value(hint),
        )

    def find_one_and_delete(
        self,
        filter: Mapping[str, Any],
        projection: Projection | None = None,
        sort: Keys | None = None,
        hint: Keys | None = None,
        session: Transaction | None = None,
        let: Any = None,
        comment: Any = None,
        **kwargs: Any,
    ) -> D | None:
        """Deletes a document, and gives it as it was; None when there is none."""
        refuse(let=let)
        refuse_unknown("find_one_and_delete", kwargs)
        return self._modify(
            filter,
            session,
            delete=True,
            projection=projection_document(projection),
            sort=sort_document(sort),
            hint=hint_value(hint),
        )

    def _modify(self, filter: Any, session: Any, **options: Any) -> D | None:
        check_mapping("filter", filter)
        present = {name: value for name, value in options.items() if value is not None and value is not False}
        data = self._write(
            session,
            _native.find_and_modify,
            self._encoded_name,
            bson.encode(filter, False, self._codec_options),
            bson.encode(present, False, self._codec_options),
        )
        return None if data is None else bson.decode(data, self._codec_options)
