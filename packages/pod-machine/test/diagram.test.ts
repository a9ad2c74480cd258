import { readFile, writeFile } from "node:fs/promises";
import { CONTAINER_EDGES, diagramOf, POD_EDGES } from "@krustlet/pod-machine";
import { describe, expect, it } from "vitest";

const README = new URL("../README.md", import.meta.url);

describe("diagramOf", () => {
  it.each(["pod", "container"] as const)("is what the README shows of the %s's graph", async (graph) => {
    const text = await readFile(README, "utf8");
    const marked = new RegExp(`(<!-- diagram:${graph} -->\n)[^]*?(<!-- /diagram:${graph} -->)`);
    const fresh = text.replace(
      marked,
      (_, open: string, close: string) => `${open}\`\`\`mermaid\n${diagramOf()[graph]}\n\`\`\`\n${close}`,
    );
    // UPDATE_DIAGRAMS=1 writes it there.
    if (process.env["UPDATE_DIAGRAMS"] === "1") await writeFile(README, fresh);
    expect(text).toMatch(marked);
    expect(text).toBe(fresh);
  });

  it("draws every edge once", () => {
    for (const [edges, drawn] of [
      [POD_EDGES, diagramOf().pod],
      [CONTAINER_EDGES, diagramOf().container],
    ] as const) {
      const wanted = Object.entries(edges).flatMap(([from, targets]) =>
        targets.map((to: string) => `${from} --> ${to}`),
      );
      for (const edge of wanted) expect(drawn.split(edge)).toHaveLength(2);
      expect(drawn).toContain("[*] --> ");
    }
  });

  it("has no state that leads nowhere it knows, and none that nothing leads to", () => {
    for (const edges of [POD_EDGES, CONTAINER_EDGES]) {
      const names = Object.keys(edges);
      const targets = new Set<string>(Object.values(edges).flat());
      expect([...targets].filter((target) => !names.includes(target))).toEqual([]);
      expect(names.slice(1).filter((name) => !targets.has(name))).toEqual([]);
    }
  });
});
