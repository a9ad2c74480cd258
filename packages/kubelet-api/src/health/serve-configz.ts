import { answerJson } from "../http/answer.ts";
import type { Route } from "../http/route.ts";

/** `/configz`: the KubeletConfiguration in effect. */
export function configzRoute(configz: () => object): Route {
  return {
    methods: ["GET"],
    path: ["configz"],
    serve: async (_request, response) => {
      answerJson(response, { kubeletconfig: configz() });
      return undefined;
    },
  };
}
