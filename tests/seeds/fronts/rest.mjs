// What front ends do by HTTP, and what a page shows after a reload (P7).

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { line } from '../../e2e/support/clients.mjs';

const PAGE = 50;

export async function send(url, token, sessionId, message) {
  const key = { 'idempotency-key': randomUUID() };
  return ask(url, token, `/sessions/${sessionId}/messages`, { method: 'POST', body: { message }, headers: key });
}

/** All of it, page by page, as a person sees it. */
export async function history(url, token, sessionId) {
  return (await messages(url, token, sessionId)).map(line);
}

export async function messages(url, token, sessionId) {
  const all = [];
  let cursor = '';
  do {
    const page = await ask(url, token, `/sessions/${sessionId}/messages?limit=${PAGE}${cursor && `&cursor=${cursor}`}`);
    all.unshift(...page.messages);
    cursor = page.cursor;
  } while (cursor);
  return all;
}

export async function ask(url, token, path, { method = 'GET', body, headers = {} } = {}) {
  const answer = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text && JSON.parse(text);
}
