import { expect, test } from "vitest";

import { kubeLater } from "../src/kube-later.ts";
import type { Kube } from "../src/kube.ts";
import { openKube } from "../src/open-kube.ts";
import { answerJson, kubeconfigOf, startServer } from "./api-server.ts";

test("until it is open, calls and streams find no API server and may be tried again; then they go through, and who waits is told", async () => {
  await using server = await startServer((_request, response) => answerJson(response, 200, { kind: "Node" }));
  const opening = Promise.withResolvers<Kube>();
  await using kube = kubeLater(opening.promise);
  let reached = 0;
  kube.reachable$.subscribe(() => (reached += 1));
  const call = { path: "/api/v1/nodes/n" };
  const none = { code: "ApiServerUnavailable", retryable: true };
  await expect(kube.request(call)).rejects.toMatchObject({
    ...none,
    message: "GET /api/v1/nodes/n: there is no kubeconfig yet to reach an API server with.",
  });
  await expect(kube.open(call, { silentAfterMs: 1000 })).rejects.toMatchObject(none);
  await expect(kube.request(call, { signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow(
    "stopped",
  );
  expect([reached, kube.server]).toEqual([0, ""]);

  opening.resolve(await openKube({ kubeconfig: kubeconfigOf(server.url) }));
  await opening.promise;
  expect(await kube.request(call)).toEqual({ kind: "Node" });
  expect([reached, kube.server]).toEqual([1, server.url]);
});

test("one that is closed before it is open is closed then", async () => {
  const opening = Promise.withResolvers<Kube>();
  const kube = kubeLater(opening.promise);
  await kube.close();
  const opened = await openKube({ kubeconfig: kubeconfigOf("https://127.0.0.1:1") });
  opening.resolve(opened);
  await opening.promise;
  await expect(kube.request({ path: "/" })).rejects.toThrow("is closed");
});

test("one that never opens is closed all the same", async () => {
  const kube = kubeLater(Promise.reject(new Error("denied")));
  await kube.close();
  await expect(kube.request({ path: "/" })).rejects.toMatchObject({ code: "ApiServerUnavailable" });
});
