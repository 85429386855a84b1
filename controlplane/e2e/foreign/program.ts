// What somebody would write on the types that openapi-typescript makes: create, list, change and delete, with what comes between.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const endpoint = process.env.DEMARC_ENDPOINT ?? "";
const client = createClient<paths>({ baseUrl: `${endpoint}/api/v1`, headers: { authorization: `Bearer ${process.env.DEMARC_TOKEN}` } });

type Problem = components["schemas"]["Problem"];

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

// got is what was answered; a problem is an error here.
function got<T>(answer: { data?: T; error?: Problem }): T {
  check(answer.error === undefined, `${answer.error?.code}: ${answer.error?.detail}`);
  check(answer.data !== undefined, "no answer");
  return answer.data;
}

async function synchronous(): Promise<void> {
  const body: components["schemas"]["ImageCreate"] = { name: "of-typescript", architecture: "x86_64", labels: { by: "typescript" } };
  const made = got(await client.POST("/images", { body, params: { header: { "Idempotency-Key": "ts-1" } } }));
  check(made.os_type === "linux" && made.revision === 1, "defaults are missing");

  const page = got(await client.GET("/images", { params: { query: { label: "by=typescript", order_by: "-created_at" } } }));
  check(page.items.length === 1 && page.items[0]?.id === made.id && page.next_page_token === null, "the list has not what was made");

  const path = { id: made.id };
  const changed = got(await client.PATCH("/images/{id}", { params: { path, header: { "If-Match": `"${made.revision}"` } }, body: { display_name: "Changed", notes: null } }));
  check(changed.display_name === "Changed" && changed.labels.by === "typescript", "the change is missing");
  const late = await client.PATCH("/images/{id}", { params: { path, header: { "If-Match": `"${made.revision}"` } }, body: { display_name: "Late" } });
  check(late.error?.code === "revision_mismatch", "a change of another revision went through");
  const wrong = await client.PATCH("/images/{id}", { params: { path }, body: { min_disk_gib: 0 } });
  check(wrong.error?.errors?.[0]?.pointer === "/min_disk_gib", "a wrong field has no pointer");

  const gone = await client.DELETE("/images/{id}", { params: { path } });
  check(gone.response.status === 204, `delete answers ${gone.response.status}`);
  const missing = await client.GET("/images/{id}", { params: { path } });
  check(missing.error?.code === "not_found", "it is still there");
  console.log("image made, listed, changed, deleted");
}

async function wait(operation: string | null): Promise<void> {
  if (operation === null) return;
  const ended = got(await client.GET("/operations/{id}", { params: { path: { id: operation }, query: { wait: "60s" } } }));
  check(ended.done && ended.state === "succeeded", `the operation ended as ${ended.state}`);
}

async function asynchronous(): Promise<void> {
  const location = got(await client.POST("/locations", { body: { name: "of-typescript" } }));
  const [owner] = got(await client.GET("/billing-entities")).items;
  check(owner !== undefined, "nobody sends invoices");
  const customer = got(await client.POST("/customers", { body: { name: "of-typescript", email: "ann@example.com", billing_entity_id: owner.id } }));
  const space = got(await client.POST("/cloudspaces", { body: { name: "web", customer_id: customer.id, location_id: location.id } }));
  await wait(space.operation_id);
  const found = got(await client.GET("/cloudspaces", { params: { query: { customer_id: customer.id } } }));
  check(found.items[0]?.state === "active", "the list has not what was made");
  const path = { id: space.id };
  await wait(got(await client.PATCH("/cloudspaces/{id}", { params: { path }, body: { local_domain: "web.internal" } })).operation_id);
  await wait(got(await client.DELETE("/cloudspaces/{id}", { params: { path } })).operation_id);
  console.log("cloudspace made, listed, changed, deleted");
}

await synchronous();
await asynchronous();
