"""The members API: who sees whom, and who may change what."""

from __future__ import annotations

from typing import Any

import pytest

BASE = "/members/v1/members"


async def test_a_visitor_is_nobodys_current_member(site: Any) -> None:
    answer = await site.visitor()("GET", f"{BASE}/my")
    assert (answer.status, answer.code) == (403, "PERMISSION_DENIED")


async def test_a_call_without_a_token_is_not_authenticated(site: Any) -> None:
    response = await site.client.get(f"{BASE}/my")
    assert response.status == 401


async def test_a_member_reads_their_own_record_in_full(site: Any) -> None:
    answer = await site.member("ada")("GET", f"{BASE}/my?fieldsets=FULL")
    member = answer.body["member"]
    assert member["loginEmail"] == "ada@example.test"
    assert member["contact"]["firstName"] == "Ada"
    assert member["status"] == "APPROVED"
    assert member["profile"]["slug"] == "ada"


async def test_the_default_fieldset_shows_no_e_mail_address(site: Any) -> None:
    answer = await site.member("ada")("GET", f"{BASE}/my")
    assert "loginEmail" not in answer.body["member"]
    assert answer.body["member"]["profile"]["nickname"] == "Ada Quill"


async def test_the_widest_of_several_fieldsets_counts(site: Any) -> None:
    answer = await site.member("ada")("GET", f"{BASE}/my?fieldsets=PUBLIC&fieldsets=FULL")
    assert answer.body["member"]["contact"]["emails"] == ["ada@example.test"]


async def test_an_unknown_fieldset_is_refused_with_a_data_object(site: Any) -> None:
    answer = await site.member("ada")("GET", f"{BASE}/my?fieldsets=ALL")
    assert answer.status == 400
    assert answer.violations[0]["data"] == {"allowed": ["PUBLIC", "EXTENDED", "FULL"]}


async def test_a_visitor_lists_members_as_the_site_shows_them(site: Any) -> None:
    answer = await site.visitor()("GET", BASE)
    assert [m["profile"]["nickname"] for m in answer.body["members"]] == [
        "Ada Quill",
        "Grace Harbour",
        "Linus Fjord",
    ]
    assert answer.body["metadata"] == {"count": 3, "offset": 0, "total": 3}


async def test_a_list_takes_its_paging_from_the_query_parameter(site: Any) -> None:
    answer = await site.visitor()("GET", BASE, r={"paging": {"limit": 1, "offset": 1}})
    assert [m["profile"]["slug"] for m in answer.body["members"]] == ["grace"]


async def test_a_query_may_be_sent_by_get_and_by_post(site: Any) -> None:
    query = {"query": {"filter": {"profile.slug": {"$in": ["linus", "ada"]}}}}
    visitor = site.visitor()
    by_get = await visitor("GET", f"{BASE}/query", r=query)
    by_post = await visitor("POST", f"{BASE}/query", query)
    assert by_get.body == by_post.body
    assert by_post.body["metadata"]["total"] == 2


@pytest.mark.parametrize("fieldset", ["EXTENDED", "FULL"])
async def test_only_the_app_lists_more_than_the_public_fields(site: Any, fieldset: str) -> None:
    path = f"{BASE}?fieldsets={fieldset}"
    assert (await site.visitor()("GET", path)).status == 403
    assert (await site.member()("GET", path)).status == 403
    answer = await site.app()("GET", path)
    assert answer.body["members"][0]["loginEmail"] == "ada@example.test"


async def test_another_members_full_record_is_refused(site: Any) -> None:
    grace = site.member("grace")
    answer = await site.member("ada")("GET", f"{BASE}/{grace.id}?fieldsets=FULL")
    assert answer.status == 403


async def test_an_unknown_member_is_not_found(site: Any) -> None:
    answer = await site.app()("GET", f"{BASE}/nobody")
    assert (answer.status, answer.code) == (404, "NOT_FOUND")


async def test_a_member_changes_their_own_name(site: Any) -> None:
    ada = site.member("ada")
    change = {"member": {"contact": {"firstName": "Adele"}, "profile": {"nickname": "A."}}}
    answer = await ada("PATCH", f"{BASE}/{ada.id}", change)
    assert answer.body["member"]["contact"]["firstName"] == "Adele"
    assert answer.body["member"]["contact"]["lastName"] == "Quill"
    again = await ada("GET", f"{BASE}/my")
    assert again.body["member"]["profile"]["nickname"] == "A."


async def test_a_member_may_not_change_another(site: Any) -> None:
    grace = site.member("grace")
    answer = await site.member("ada")("PATCH", f"{BASE}/{grace.id}", {"member": {}})
    assert answer.status == 403


async def test_a_member_may_not_approve_themselves(site: Any) -> None:
    ada = site.member("ada")
    answer = await ada("PATCH", f"{BASE}/{ada.id}", {"member": {"status": "APPROVED"}})
    assert answer.status == 403


async def test_a_private_member_is_not_shown_to_others(site: Any) -> None:
    ada = site.member("ada")
    await ada("PATCH", f"{BASE}/{ada.id}", {"member": {"privacyStatus": "PRIVATE"}})
    assert (await site.visitor()("GET", f"{BASE}/{ada.id}")).status == 404
    assert (await site.visitor()("GET", BASE)).body["metadata"]["total"] == 2
    assert (await site.app()("GET", BASE)).body["metadata"]["total"] == 3


async def test_a_slug_that_another_member_has_is_refused(site: Any) -> None:
    answer = await site.member("ada")("POST", f"{BASE}/my/slug", {"slug": "grace"})
    assert (answer.status, answer.code) == (409, "SLUG_ALREADY_EXISTS")


async def test_a_member_who_leaves_is_logged_out(site: Any) -> None:
    ada = site.member("ada")
    assert (await ada("DELETE", f"{BASE}/my")).body == {}
    assert (await ada("GET", f"{BASE}/my")).status == 401


async def test_a_member_may_not_remove_another(site: Any) -> None:
    grace = site.member("grace")
    assert (await site.member("ada")("DELETE", f"{BASE}/{grace.id}")).status == 403
    assert (await site.app()("DELETE", f"{BASE}/{grace.id}")).status == 200


async def test_the_app_blocks_and_approves(site: Any) -> None:
    ada, app = site.member("ada"), site.app()
    await app("POST", f"{BASE}/{ada.id}/block")
    blocked = await app("GET", f"{BASE}/{ada.id}?fieldsets=FULL")
    assert blocked.body["member"]["status"] == "BLOCKED"
    await app("POST", f"{BASE}/{ada.id}/approve")
    approved = await app("GET", f"{BASE}/{ada.id}?fieldsets=FULL")
    assert approved.body["member"]["status"] == "APPROVED"


async def test_a_change_that_is_not_understood_changes_nothing(site: Any) -> None:
    ada = site.member("ada")
    change = {"member": {"contact": {"firstName": "Adele"}, "privacyStatus": "SECRET"}}
    answer = await ada("PATCH", f"{BASE}/{ada.id}", change)
    assert answer.violations[0]["field"] == "member.privacyStatus"
    after = await ada("GET", f"{BASE}/my?fieldsets=FULL")
    assert after.body["member"]["contact"]["firstName"] == "Ada"


async def test_the_app_gives_a_member_another_e_mail_address_unless_taken(site: Any) -> None:
    path = f"{BASE}/{site.member('ada').id}"
    taken = await site.app()("PATCH", path, {"member": {"loginEmail": "Grace@example.test"}})
    assert (taken.status, taken.code) == (409, "ALREADY_EXISTS")
    free = await site.app()("PATCH", path, {"member": {"loginEmail": "adele@example.test"}})
    assert free.body["member"]["loginEmail"] == "adele@example.test"


async def test_a_fieldset_inside_a_query_counts_too(site: Any) -> None:
    message = {"query": {"fieldsets": ["FULL"]}}
    assert (await site.visitor()("POST", f"{BASE}/query", message)).status == 403
