import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const checkout = join(import.meta.dirname, "..", "..", "..");
const made = new Set(["node_modules", "dist", ".git", ".turbo"]);
const at = (...patterns: readonly string[]): readonly string[] =>
  globSync([...patterns], { cwd: checkout, exclude: (name) => made.has(name) });

const texts = at("*.md", "docs/**/*.md", "{packages,apps,demos,tools}/*/README.md", "test/e2e/cluster/*.md");
/** Each file with a slash before its path, so that the end of a path is one of whole names. */
const files = at("{packages,apps,tools,test,bench,demos,docs}/**/*.{ts,mjs,c,md,service}").map(
  (file) => `/${file}`,
);

/** The files that a text names in code: `transition.ts`, `packages/kube/src/open-kube.ts`. */
function filesNamedIn(text: string): readonly string[] {
  return [...text.matchAll(/`((?:[\w.-]+\/)*[\w-]+(?:\.[\w-]+)*\.(?:ts|mjs|service))`/g)].map(
    ([, name = ""]) => name,
  );
}

/** Where the links of a text lead, but for those to elsewhere and within itself. */
function linksOf(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

describe("the documents", () => {
  test("are those that there should be", () => {
    expect(texts).toEqual(
      expect.arrayContaining(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/node.md"]),
    );
  });

  test.each(["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"])(
    "name no file in %s that is not there",
    (name) => {
      const named = filesNamedIn(readFileSync(join(checkout, name), "utf8"));
      expect(named.filter((path) => !files.some((file) => file.endsWith(`/${path}`)))).toEqual([]);
    },
  );

  test("lead nowhere that is not there", () => {
    const dead = texts.flatMap((name) =>
      linksOf(readFileSync(join(checkout, name), "utf8"))
        .filter((target) => !existsSync(resolve(checkout, dirname(name), target)))
        .map((target) => `${name}: ${target}`),
    );
    expect(dead).toEqual([]);
  });

  test("have every package in both tables", () => {
    for (const name of ["ARCHITECTURE.md", "README.md"]) {
      const text = readFileSync(join(checkout, name), "utf8");
      const rooms = at("packages/*/package.json").filter((path) => {
        const { private: own } = JSON.parse(readFileSync(join(checkout, path), "utf8")) as { private?: true };
        return own !== true;
      });
      expect(rooms.length).toBeGreaterThan(10);
      expect(
        rooms.filter((path) => !text.includes(`](${dirname(path)})`)).map((path) => `${name}: ${path}`),
      ).toEqual([]);
    }
  });
});
