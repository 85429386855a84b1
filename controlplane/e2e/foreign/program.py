"""What somebody would write on the client that the OpenAPI Generator makes: create, list, change and delete, with what comes between."""

import os
import sys

import demarc_api
from demarc_api.exceptions import ApiException


def main() -> None:
    configuration = demarc_api.Configuration(host=os.environ["DEMARC_ENDPOINT"] + "/api/v1", access_token=os.environ["DEMARC_TOKEN"])
    with demarc_api.ApiClient(configuration) as client:
        who = demarc_api.AcrossKindsApi(client).whoami_get()
        print("caller", who.principal.kind)
        synchronous(client)
        asynchronous(client)


def synchronous(client: demarc_api.ApiClient) -> None:
    images = demarc_api.ImageApi(client)
    made = images.images_create(demarc_api.ImageCreate(name="of-python", source_url="https://example.com/disk.img", labels={"by": "python"}), idempotency_key="py-1")
    again = images.images_create(demarc_api.ImageCreate(name="of-python", source_url="https://example.com/disk.img", labels={"by": "python"}), idempotency_key="py-1")
    assert made.id == again.id, "a repeated create made another one"
    assert made.os_type == "linux" and made.created_at.tzinfo is not None, made

    page = images.images_list(label="by=python", page_size=1)
    assert [i.id for i in page.items] == [made.id], page

    changed = images.images_update(made.id, demarc_api.ImagePatch(display_name="Changed", source_url=None), if_match=f'"{made.revision}"')
    assert changed.display_name == "Changed" and changed.source_url is None and changed.labels == {"by": "python"}, changed
    try:
        images.images_update(made.id, demarc_api.ImagePatch(display_name="Late"), if_match=f'"{made.revision}"')
        raise AssertionError("a change of another revision went through")
    except ApiException as error:
        problem = demarc_api.Problem.from_json(error.body)
        assert error.status == 412 and problem.code == "revision_mismatch", error
    dry = images.images_delete(made.id, dry_run=True)
    assert dry.id == made.id
    assert images.images_delete(made.id) is None
    try:
        images.images_get(made.id)
        raise AssertionError("it is still there")
    except ApiException as error:
        assert error.status == 404, error
    print("image made, listed, changed, deleted")


def asynchronous(client: demarc_api.ApiClient) -> None:
    location = demarc_api.LocationApi(client).locations_create(demarc_api.LocationCreate(name="of-python"))
    customer = demarc_api.CustomerApi(client).customers_create(demarc_api.CustomerCreate(name="of-python", email="ann@example.com", **owner(client)))
    spaces = demarc_api.CloudspaceApi(client)
    made = spaces.cloudspaces_create(demarc_api.CloudspaceCreate(name="web", customer_id=customer.id, location_id=location.id))
    wait(client, made.operation_id)
    found = spaces.cloudspaces_list(customer_id=customer.id)
    assert [(s.name, s.state) for s in found.items] == [("web", "active")], found
    wait(client, spaces.cloudspaces_update(made.id, demarc_api.CloudspacePatch(local_domain="web.internal")).operation_id)
    assert spaces.cloudspaces_get(made.id).local_domain == "web.internal"
    wait(client, spaces.cloudspaces_delete(made.id).operation_id)
    print("cloudspace made, listed, changed, deleted")


def owner(client: demarc_api.ApiClient) -> dict:
    (first, *_) = demarc_api.BillingEntityApi(client).billing_entities_list().items
    return {"billing_entity_id": first.id}


def wait(client: demarc_api.ApiClient, operation: str) -> None:
    if operation is None:
        return
    ended = demarc_api.OperationApi(client).operations_get(operation, wait="60s")
    assert ended.done and ended.state == "succeeded", ended


if __name__ == "__main__":
    sys.exit(main())
