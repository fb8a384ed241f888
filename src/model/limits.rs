//! Bounds that are not settings. Those that an SRE may want to move are in the settings table.

/// Longest name, e-mail address, phone number, in bytes.
pub const NAME_BYTES: usize = 200;
pub const EMAIL_BYTES: usize = 320;
pub const PHONE_BYTES: usize = 64;
/// Longest page address, in bytes.
pub const PAGE_BYTES: usize = 2048;
/// Largest `metadata` object of a guest, as JSON, in bytes.
pub const METADATA_BYTES: usize = 8 * 1024;
/// Longest id that a client chooses or names, in bytes.
pub const ID_BYTES: usize = 128;
/// Longest resume token, in bytes; a foreign one of this size is refused as such, not as too long.
pub const TOKEN_BYTES: usize = 4096;
/// A password, in bytes: longer ones only cost time.
pub const PASSWORD_BYTES_MIN: usize = 10;
pub const PASSWORD_BYTES: usize = 1024;
/// Longest search text, in characters, and in bytes.
pub const SEARCH_CHARS: usize = 200;
pub const SEARCH_BYTES: usize = 4 * SEARCH_CHARS;
/// The newest message in a list, in characters.
pub const PREVIEW_CHARS: usize = 120;
/// Longest name of a file, in bytes; of a longer one the end is kept.
pub const FILE_NAME_BYTES: usize = 200;
/// Longest id that an upload is answered with, in bytes: it holds what was found.
pub const ATTACHMENT_ID_BYTES: usize = 4096;
/// Messages per page of history: unless asked otherwise, and at most.
pub const HISTORY_DEFAULT: usize = 50;
pub const HISTORY_MAX: usize = 200;
/// Text in a page of history, in bytes; a page that would hold more has fewer messages. Written as
/// JSON it may be six times that.
pub const HISTORY_BYTES: usize = 512 * 1024;
/// Sessions per page: unless asked otherwise, and at most.
pub const SESSIONS_DEFAULT: usize = 50;
pub const SESSIONS_MAX: usize = 200;
/// Reactions that are shown at a message; of more, the first.
pub const REACTIONS_SHOWN: usize = 100;
/// Longest emoji, in bytes: one of many people with skin tones has 41.
pub const EMOJI_BYTES: usize = 64;
/// Messages that a guest who comes back is told at once; older ones are in its history.
pub const WAITED_MAX: usize = 50;
/// As much of an event's name is said back in a refusal, in characters.
pub const EVENT_CHARS: usize = 64;
/// Rooms that one socket of an inbox is in.
pub const ROOMS_MAX: usize = 200;
/// Longest id of a conversation of the widget, in bytes: a workspace, a UUID and what stands around them.
pub const CONVERSATION_BYTES: usize = 256;
