/** One way to ask the server: with the token, and with failures told apart. */

import { authorization } from "./token";

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly body: unknown,
  ) {
    super(message);
  }
}

/** The server did not answer: nothing is known about what it did. */
export class Unreachable extends Error {}

const GATEWAY_FAILURES = new Set([502, 503, 504]);

interface Ask {
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export async function askJson<Reply>(path: string, ask: Ask = {}): Promise<Reply> {
  return (await readBody(await send(path, ask), (reply) => reply.json())) as Reply;
}

export async function askBytes(path: string, ask: Ask = {}): Promise<ArrayBuffer> {
  return readBody(await send(path, ask), (reply) => reply.arrayBuffer());
}

async function send(path: string, ask: Ask): Promise<Response> {
  const reply = await fetchOrUnreachable(path, ask);
  if (reply.ok) return reply;
  if (GATEWAY_FAILURES.has(reply.status)) throw new Unreachable(`${reply.status} ${reply.statusText}`);
  throw await refusal(reply);
}

async function fetchOrUnreachable(path: string, ask: Ask): Promise<Response> {
  try {
    return await fetch(path, requestOf(ask));
  } catch (error) {
    throw asUnreachable(error, ask.signal);
  }
}

/** A connection can also break in the middle of an answer. */
async function readBody<Body>(reply: Response, read: (reply: Response) => Promise<Body>): Promise<Body> {
  try {
    return await read(reply);
  } catch (error) {
    throw asUnreachable(error);
  }
}

function requestOf(ask: Ask): RequestInit {
  const limit = AbortSignal.timeout(ask.timeoutMs ?? 60_000);
  const signal = ask.signal ? AbortSignal.any([ask.signal, limit]) : limit;
  if (ask.body === undefined) return { headers: authorization(), signal };
  const headers = { ...authorization(), "Content-Type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify(ask.body), signal };
}

function asUnreachable(error: unknown, signal?: AbortSignal): unknown {
  return signal?.aborted ? error : new Unreachable(error instanceof Error ? error.message : String(error));
}

async function refusal(reply: Response): Promise<Refused> {
  const body: unknown = await reply.json().catch(() => null);
  return new Refused(reply.status, messageIn(body) ?? `${reply.status} ${reply.statusText}`, body);
}

function messageIn(body: unknown): string | null {
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  return String(body.error);
}
