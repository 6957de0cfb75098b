// Ory Polis' library behind Express, called as the Next.js route of its own server calls it.
// Arguments: port, kind of database (sqlite or postgres), its URL, a file to write the directory's path and secret to.
import { renameSync, writeFileSync } from "node:fs";
import jackson from "@boxyhq/saml-jackson";
import express from "express";

const [port, type, url, told] = process.argv.slice(2);
// It logs an error with every event that no webhook is set up for; the first ones tell a reader enough.
let errors = 5;
const quiet = { info: () => {}, warn: () => {}, error: (text) => errors-- > 0 && console.error(text) };
const { directorySyncController } = await jackson.controllers({
  externalUrl: `http://127.0.0.1:${port}`,
  samlPath: "/api/oauth/saml",
  scimPath: "/api/scim/v2.0",
  // Its default page is 50, whatever `count` asks for.
  db: { engine: "sql", type, url, pageLimit: 100 },
  noAnalytics: true,
  logger: quiet,
});
const { data: directory, error } = await directorySyncController.directories.create({
  tenant: "bench",
  product: "bench",
  type: "azure-scim-v2",
  name: "bench",
});
if (error) throw new Error(error.message);

const number = (text) => (text === undefined ? undefined : Number.parseInt(text, 10));
const app = express();
app.use(express.json({ type: ["application/scim+json", "application/json"], limit: "10mb" }));
app.all("/api/scim/v2.0/:directoryId/:resourceType/:resourceId?", async (request, response) => {
  const { directoryId, resourceType, resourceId } = request.params;
  const call = directorySyncController.requests.handle({
    method: request.method,
    body: ["POST", "PUT", "PATCH"].includes(request.method) ? request.body : undefined,
    directoryId,
    resourceType,
    resourceId,
    apiSecret: (request.header("Authorization") ?? "").split(" ")[1] ?? null,
    query: {
      count: number(request.query.count),
      startIndex: number(request.query.startIndex),
      filter: request.query.filter,
    },
  });
  // It throws at a filter that is no `eq`; its own server answers that with 500 and goes on.
  const { status, data } = await call.catch(() => ({ status: 500, data: "Internal Server Error" }));
  response.status(status).json(data);
});
writeFileSync(`${told}.new`, JSON.stringify({ path: `/api/scim/v2.0/${directory.id}`, secret: directory.scim.secret }));
renameSync(`${told}.new`, told);
app.listen(Number(port), "127.0.0.1");
