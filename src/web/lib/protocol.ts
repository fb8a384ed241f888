// The native vocabulary: what travels between a browser and the relay. ARCHITECTURE.md has the whole table.

export type Status = 'waiting' | 'active' | 'ended';

export interface Attachment {
  name: string;
  mimeType: string;
  size: number;
  /** Of a picture, in pixels. */
  width?: number;
  height?: number;
  url: string;
  thumbnailUrl?: string;
}

export interface Message {
  sessionId: string;
  messageId: string;
  /** Counts the messages of a session from 1. Order is by seq; a hole may stay after a loss of data. */
  seq: number;
  message: string;
  type: 'text' | 'image' | 'file';
  /** `in` is written by the guest, `out` by an operator. */
  direction: 'in' | 'out';
  timestamp: string;
  /** With an image or a file. */
  attachment?: Attachment;
  guestName?: string;
  agentName?: string;
}

export interface Session {
  sessionId: string;
  status: Status;
  guest: { name?: string; email?: string };
  agent?: { agentId: string; agentName: string };
  queuePosition?: number;
  lastMessage?: { message: string; direction: 'in' | 'out'; timestamp: string };
  unread: number;
  createdAt: string;
}

export interface Started {
  sessionId: string;
  token: string;
  reconnected: boolean;
  status: Status;
  queuePosition?: number;
}

export interface Stored {
  messageId: string;
  seq: number;
  timestamp: string;
  duplicate: boolean;
}

export interface Page {
  messages: Message[];
  more: boolean;
}

interface Outgoing {
  message: string;
  type: 'text';
  clientMessageId: string;
}

/** Every request with what it carries and what its ack holds beside `ok`. */
export interface Requests {
  'guest:start': [{ name?: string; email?: string; token?: string; page?: string }, Started];
  'guest:message': [Outgoing, Stored];
  'guest:typing': [{ isTyping: boolean }, object];
  'guest:read': [{ seq: number }, object];
  'guest:delivered': [{ seq: number }, object];
  'guest:end': [object, object];
  'guest:history': [{ beforeSeq?: number; limit?: number }, Page];
  'staff:sessions': [{ status?: Status; cursor?: string; limit?: number }, { sessions: Session[]; cursor?: string }];
  'staff:connect_to_session': [{ sessionId: string }, { session: Session }];
  'staff:end_session': [{ sessionId: string }, { session: Session }];
  'staff:message': [Outgoing & { sessionId: string }, Stored];
  'staff:history': [{ sessionId: string; beforeSeq?: number; limit?: number }, Page];
  'staff:typing': [{ sessionId: string; isTyping: boolean }, object];
  'staff:read': [{ sessionId: string; seq: number }, object];
  'staff:delivered': [{ sessionId: string; seq: number }, object];
}

/** Every event that the relay sends and that this page reads. */
export interface Events {
  'guest:message': (message: Message) => void;
  'staff:message': (message: Message) => void;
  'guest:typing': (typing: { sessionId: string; isTyping: boolean }) => void;
  'staff:typing': (typing: { sessionId: string; isTyping: boolean; agentName: string }) => void;
  'session:created': (change: { session: Session }) => void;
  'session:updated': (change: { session: Session }) => void;
  'session:ended': (change: { session: Session }) => void;
  'session:agent_joined': (agent: { sessionId: string; agentName: string }) => void;
  'session:agent_left': (agent: { sessionId: string; agentName: string }) => void;
  'session:queue': (queue: { position: number }) => void;
  'message:status': (mark: { sessionId: string; seq: number; status: 'stored' | 'delivered' | 'read' }) => void;
}

export interface Refusal {
  code: string;
  message: string;
  field?: string;
  retryAfterMs?: number;
}

/** The relay answered `{ok: false}`. */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }

  get code(): string {
    return this.refusal.code;
  }

  /** Whether the same request can succeed later without anybody changing it. */
  get passes(): boolean {
    return ['rate_limited', 'unavailable', 'pending', 'conflict'].includes(this.code);
  }
}

/** No ack came: the request may have been carried out or not. */
export class NoAnswer extends Error {
  constructor() {
    super('The server did not answer.');
  }
}
