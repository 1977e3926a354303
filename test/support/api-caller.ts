import type { ControlPlane } from "../../control-plane/main.ts";

/** Calls the API of a control plane with its token: the answer as JSON. Anything but success is an Error. */
export function apiCaller(
  plane: Pick<ControlPlane, "url" | "apiToken">,
): <Body>(path: string, body?: object) => Promise<Body> {
  return async <Body>(path: string, body?: object): Promise<Body> => {
    const answer = await fetch(`${plane.url}/api/v1${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${plane.apiToken}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Body;
  };
}
