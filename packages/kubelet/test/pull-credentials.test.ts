import { KrustletError } from "@krustlet/interface";
import type { ObjectSource, RegistryCredential, SecretObject } from "@krustlet/interface";
import { describe, expect, it } from "vitest";

import type { KubeletInit } from "../src/index.ts";
import { imageOf, openBench, podOf } from "./fakes.ts";

const SECRETS: Readonly<Record<string, SecretObject>> = {
  first: { data: { user: "a" } },
  second: { data: { user: "b" } },
  odd: { type: "Opaque" },
};

const objects: ObjectSource = {
  configMap: () => Promise.resolve(undefined),
  secret: (_namespace, name) => {
    if (name === "forbidden") return Promise.reject(new Error("403"));
    return Promise.resolve(SECRETS[name]);
  },
  persistentVolumeClaim: () => Promise.resolve(undefined),
};

function credentialsOf({ data }: SecretObject, source: string): readonly RegistryCredential[] {
  if (data === undefined) throw new KrustletError("InvalidObject", `${source} is no pull secret`);
  return [{ registry: "registry.example", username: data["user"] }];
}

/** What a pull of a pod with these pull secrets is given, and what is told. */
async function pullWith(...names: (string | undefined)[]) {
  const given = Promise.withResolvers<readonly RegistryCredential[]>();
  const warnings: string[][] = [];
  const images: KubeletInit["images"] = {
    ensure: (reference, { credentials = [] }) => {
      given.resolve(credentials);
      return Promise.resolve({ image: imageOf(reference), pulled: false, duration: 0 });
    },
    list: () => Promise.resolve([]),
    remove: () => Promise.resolve(false),
  };
  await using bench = await openBench({
    images,
    objects,
    credentialsOf,
    onWarning: (_pod, ...told) => warnings.push(told.filter((each) => each !== undefined)),
  });
  bench.add(podOf([{ name: "app" }], { imagePullSecrets: names.map((name) => ({ name })) }));
  return { users: (await given.promise).map(({ username }) => username), warnings };
}

describe("pull secrets", () => {
  it("are read in the pod's order, several of them", async () => {
    expect(await pullWith("second", "", undefined, "first")).toStrictEqual({
      users: ["b", "a"],
      warnings: [],
    });
  });

  it("that cannot be had are told in the kubelet's words, and the pull goes on with the others", async () => {
    expect(await pullWith("forbidden", "first", "none")).toStrictEqual({
      users: ["a"],
      warnings: [
        [
          "Unable to retrieve some image pull secrets (forbidden, none); attempting to pull the image may not succeed.",
          "FailedToRetrieveImagePullSecret",
        ],
      ],
    });
  });

  it("that hold no credentials are named, and the pull goes on with the others", async () => {
    expect(await pullWith("odd", "first")).toStrictEqual({
      users: ["a"],
      warnings: [["secret default/odd is no pull secret"]],
    });
  });
});
