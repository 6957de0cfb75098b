// SCIMMY behind its Express routers. The library ships no store: this one is a Map with an index for each attribute
// that identity providers look up, and it hands over no more than the page that was asked for.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

class Store {
  constructor(unique, indexed) {
    this.all = new Map();
    this.unique = unique;
    this.indexes = new Map(indexed.map((name) => [name.toLowerCase(), { name, ids: new Map() }]));
  }

  key(value) {
    return typeof value === "string" ? value.toLowerCase() : value;
  }

  write(id, data) {
    const known = this.all.get(id);
    if (id && !known) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
    const taken = this.indexes.get(this.unique.toLowerCase()).ids.get(this.key(data[this.unique]));
    if (taken && taken !== id) throw new SCIMMY.Types.Error(409, "uniqueness", `${this.unique} is taken`);
    const now = new Date();
    const kept = { ...data, id: id ?? randomUUID(), meta: { created: known?.meta.created ?? now, lastModified: now } };
    for (const { name, ids } of this.indexes.values()) {
      if (known && this.key(known[name]) !== this.key(kept[name])) ids.delete(this.key(known[name]));
      if (kept[name] !== undefined) ids.set(this.key(kept[name]), kept.id);
    }
    this.all.set(kept.id, kept);
    return kept;
  }

  read(resource) {
    if (resource.id) {
      const found = this.all.get(resource.id);
      if (!found) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
      return found;
    }
    return resource.filter ? this.find(resource.filter) : this.page((resource.constraints ??= {}));
  }

  find(filter) {
    const [[name, expression] = []] = filter.length === 1 ? Object.entries(filter[0]) : [];
    const index = this.indexes.get(name?.toLowerCase());
    if (index && Object.keys(filter[0]).length === 1 && expression[0] === "eq") {
      const found = this.all.get(index.ids.get(this.key(expression[1])));
      return found ? [found] : [];
    }
    return filter.match([...this.all.values()]);
  }

  page(constraints) {
    const { startIndex = 1, count = 20 } = constraints;
    constraints.totalResults = this.all.size;
    const found = [];
    let number = 0;
    for (const one of this.all.values()) {
      number += 1;
      if (number >= startIndex + count) break;
      if (number >= startIndex) found.push(one);
    }
    return found;
  }
}

const users = new Store("userName", ["userName", "externalId"]);
const groups = new Store("displayName", ["displayName", "externalId"]);
const { User, Group } = SCIMMY.Resources;
SCIMMY.Resources.declare(User.extend(SCIMMY.Schemas.EnterpriseUser, false))
  .ingress((resource, data) => users.write(resource.id, data))
  .egress((resource) => users.read(resource))
  .degress((resource) => users.all.delete(resource.id));
SCIMMY.Resources.declare(Group)
  .ingress((resource, data) => groups.write(resource.id, data))
  .egress((resource) => groups.read(resource))
  .degress((resource) => groups.all.delete(resource.id));

const app = express();
app.use(
  "/scim",
  new SCIMMYRouters({
    type: "bearer",
    handler: (request) => {
      if (request.header("Authorization") !== "Bearer bench") throw new Error("Authorization not detected!");
      return "bench";
    },
  }),
);
app.listen(Number(process.argv[2]), "127.0.0.1");
