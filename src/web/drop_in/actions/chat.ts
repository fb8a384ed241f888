// The four functions of a dashboard's `actions/chat.ts`, on Switchboard: copy this file over yours. Names, inputs and
// rows are the same, what is said is stored already, and nothing else of the dashboard changes.
//
// They run in the page (so without 'use server') and ask with the cookie of the operator's login. Where the dashboard
// has a token instead, it hands it over once: `asOperator(token)`, before its socket connects.

declare const process: { env: { NEXT_PUBLIC_SOCKET_URL?: string } };

export interface SaveChatMessageInput {
  /** The number of a chat (`client.id`), or what events call it (`clientId`, `from`). */
  clientId: number | string;
  clientSocketId?: string | null;
  senderType: 'CLIENT' | 'OPERATOR';
  operatorId?: number | string | null;
  messageType: 'TEXT' | 'IMAGE';
  text?: string | null;
  imageUrl?: string | null;
  imageName?: string | null;
  mimeType?: string | null;
  sessionId?: string | null;
  /** `id` of the message's event, which finds its row at once; may be left out. */
  messageId?: string | null;
}

export interface ChatMessage {
  id: number;
  clientId: number;
  clientSocketId: string;
  senderType: 'CLIENT' | 'OPERATOR';
  operatorId: number | string | null;
  messageType: 'TEXT' | 'IMAGE';
  text: string | null;
  imageUrl: string | null;
  imageName: string | null;
  mimeType: string | null;
  sessionId: string;
  isRead: boolean;
  /** Times are ISO 8601, UTC. */
  readAt: string | null;
  createdAt: string;
  updatedAt: string;
  operator: { id: number | string; name: string } | null;
  /** Of the guest, or of the operator. */
  senderName: string;
  messageId: string;
  seq: number;
}

export interface RecentChat {
  client: { id: number; username: string; phone: string | null; status: string; clientSocketId: string };
  lastMessage: { text: string; senderType: 'CLIENT' | 'OPERATOR'; messageType: 'TEXT' | 'IMAGE'; createdAt: string } | null;
  unreadCount: number;
}

/** Why something was refused: `field` is the offending one. */
export class ChatActionError extends Error {
  readonly code: string;
  readonly field: string | undefined;

  constructor(message: string, code: string, field?: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

const ATTEMPTS = 4;
const PAUSE_MS = 500;
/** For one attempt. A relay that is not sure in time says so by itself before that. */
const PATIENCE_MS = 15_000;

let token: string | undefined;

/** Whose token is shown from now on, in place of the cookie. */
export function asOperator(ofOperator: string | undefined): void {
  token = ofOperator;
}

export async function saveChatMessageAction(input: SaveChatMessageInput): Promise<ChatMessage> {
  return ask('saveChatMessage', { body: input, key: drawn() });
}

export async function getChatHistoryAction(input: {
  clientId: number | string;
  limit?: number;
  sessionId?: string;
}): Promise<ChatMessage[]> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) {
    if (value !== undefined && value !== null) query.set(name, String(value));
  }
  return ask(`getChatHistory?${query}`);
}

export async function getRecentChatsAction(): Promise<RecentChat[]> {
  return ask('getRecentChats');
}

/** How many messages were not read before. */
export async function markMessagesAsReadAction(input: {
  clientId: number | string;
  operatorId: number | string;
}): Promise<{ count: number }> {
  return ask('markMessagesAsRead', { body: input });
}

interface Request {
  body?: object;
  key?: string;
}

/** A request that got no answer is sent again, with the same key: it is carried out once. */
async function ask<T>(path: string, request: Request = {}): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    let pause = PAUSE_MS * attempt;
    try {
      const answer = await send(path, request);
      const said = await answer.json();
      if (answer.ok) return said as T;
      if (attempt >= ATTEMPTS || said.retryAfterMs === undefined) {
        throw new ChatActionError(said.detail, said.code, said.field);
      }
      pause = said.retryAfterMs;
    } catch (error) {
      if (error instanceof ChatActionError || attempt >= ATTEMPTS) throw error;
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}

function send(path: string, { body, key }: Request): Promise<Response> {
  const headers = new Headers();
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  if (key !== undefined) headers.set('idempotency-key', key);
  const init: RequestInit = { headers, credentials: 'include', signal: AbortSignal.timeout(PATIENCE_MS) };
  if (body !== undefined) {
    headers.set('content-type', 'application/json');
    init.method = 'POST';
    init.body = JSON.stringify(body);
  }
  return fetch(`${address()}/api/v1/compat/${path}`, init);
}

/** Written out, since it is put in where the page is built. */
function address(): string {
  return process.env.NEXT_PUBLIC_SOCKET_URL ?? '';
}

function drawn(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
