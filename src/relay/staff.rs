//! Who an operator is.

use serde_json::Value;

use super::{Relay, RelaySocket, param, socket::Shown, unauthorized};
use crate::{
    chat::{Actor, Done},
    dialect::{Dialect, NAMELESS},
    hub::{Log, Subject},
    model::{Account, Code, DedupId, Join, Reject, Reply, WorkspaceId},
    server::{
        App as _, Back, ConnectRequest, Refusal, Socket, Topic,
        auth::{Failure, GuestClaims, OperatorClaims, Verified},
    },
};

/// What becomes of somebody who says that it is an operator.
pub(super) enum Joined {
    /// It was one already.
    Before(Done),
    /// It was, and is by another token from now on.
    Renewed(RelaySocket),
    Now {
        state: RelaySocket,
        topic: Topic,
    },
    /// It could not show it.
    Refused,
}

const NO_TOKEN: &str = "Authentication required";

impl Relay {
    /// From the token of the CONNECT, else of the URL, for clients that can set nothing else, else of the cookie that a
    /// login has set.
    pub(super) async fn operator(
        &self,
        request: &ConnectRequest<'_>,
        dialect: Dialect,
    ) -> Result<RelaySocket, Refusal> {
        // Nobody has asked for that: a guest's page of a site whose operators log in has their cookie, too.
        let login = request.handshake.login.as_deref();
        let login = login.filter(|_| !request.implied);
        let token = token(request).or(login);
        match self.claims(token.unwrap_or_default()).await {
            Ok(claims) => Ok(operator(claims, dialect)),
            Err(Denial::Missing) if request.implied => Err(Refusal::Unmeant {
                message: NO_TOKEN.into(),
            }),
            Err(denial) => Err(denied(denial)),
        }
    }

    /// Where one connects before it says which side it is on: an operator by its token, a guest by that of its session,
    /// or whoever it will turn out to be. The cookie of a login is for who then says that it is an operator: somebody of
    /// staff may be its own site's visitor.
    pub(super) async fn whoever(
        &self,
        request: &ConnectRequest<'_>,
        workspace: WorkspaceId,
        dialect: Dialect,
    ) -> Result<RelaySocket, Refusal> {
        let Some(token) = token(request) else {
            if request.auth.contains_key("token") {
                return Err(denied(Denial::Missing));
            }
            let shown = match &request.handshake.login {
                Some(login) => self.shown(login).await?,
                None => Shown::Nothing,
            };
            let is_nobody = shown == Shown::Nothing;
            let newcomer = RelaySocket::newcomer(workspace, dialect, shown);
            return Ok(if is_nobody {
                newcomer.joining_by(self.clock.now() + self.join_timeout_ms)
            } else {
                newcomer
            });
        };
        if let Some(guest) = GuestClaims::verify(&self.signing, token) {
            let workspace = guest.workspace.clone();
            let dialect = self.vocabularies.settled(dialect, &workspace);
            let shown = Shown::Guest {
                workspace: guest.workspace,
                session: guest.session,
                since: guest.since,
            };
            return Ok(RelaySocket::newcomer(workspace, dialect, shown));
        }
        let claims = self.claims(token).await.map_err(denied)?;
        Ok(self.entered(claims, dialect))
    }

    /// A front end for guests to which an operator has connected as such.
    pub(super) async fn operator_among_guests(
        &self,
        request: &ConnectRequest<'_>,
    ) -> Result<Option<RelaySocket>, Refusal> {
        let token = request.auth.get("token").and_then(Value::as_str);
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        match self.claims(token).await {
            Ok(claims) => Ok(Some(operator(claims, Dialect::Native))),
            Err(Denial::Trouble) => Err(Refusal::Trouble),
            Err(Denial::Missing | Denial::Invalid) => Ok(None),
        }
    }

    /// An event says that this is an operator.
    pub(super) async fn join(
        &self,
        socket: &Socket<RelaySocket>,
        dialect: Dialect,
        join: Join,
        dedup: &DedupId,
    ) -> Result<Joined, Reject> {
        let (shown, newcomer) = match &socket.state {
            RelaySocket::Operator { id, .. } => {
                let is_same = join.id.as_ref().is_none_or(|said| said == id);
                return Ok(if is_same {
                    self.join_again(&socket.state, join.token).await
                } else {
                    Joined::Refused
                });
            }
            RelaySocket::Guest { session, shown, .. } => (shown, session.is_none()),
            RelaySocket::Refused { .. } => return Ok(Joined::Refused),
        };
        if !newcomer {
            let text = "This socket is a guest's: open another one";
            return Err(Reject::new(Code::Forbidden, text));
        }
        let state = match (&join.token, shown) {
            (Some(token), _) => match self.claims(token).await {
                Ok(verified) => self.entered(verified, dialect),
                Err(Denial::Trouble) => return Err(Reject::unavailable()),
                Err(Denial::Missing | Denial::Invalid) => return Ok(Joined::Refused),
            },
            (None, Shown::Operator(verified)) => match self.shown_again(verified).await {
                Ok(()) => self.entered(verified.as_ref().clone(), dialect),
                Err(Denial::Trouble) => return Err(Reject::unavailable()),
                Err(Denial::Missing | Denial::Invalid) => return Ok(Joined::Refused),
            },
            (None, Shown::Nothing | Shown::Guest { .. } | Shown::Page { .. }) => {
                return Ok(Joined::Refused);
            }
        };
        let Actor::Operator(actor) = state.actor(socket) else {
            return Ok(Joined::Refused);
        };
        if join.id.is_some_and(|said| said != actor.id) {
            return Ok(Joined::Refused);
        }
        let from = self.chat.operator_arrived(&actor, dedup, None).await?;
        let topic = Topic {
            log: Log::Feed(actor.workspace),
            from,
            subject: Subject::Operator(actor.id),
        };
        Ok(Joined::Now { state, topic })
    }

    /// A front end says who it is whenever it has connected, also as the socket that it was: by a token that it has
    /// renewed meanwhile it stays for as long as that one.
    async fn join_again(&self, socket: &RelaySocket, token: Option<String>) -> Joined {
        let renewed = match token {
            Some(token) => self.claims(&token).await.ok(),
            None => None,
        };
        let renewed = renewed.filter(|it| socket.is_shown_by(it) && socket.yields_to(it));
        match renewed {
            Some(verified) => Joined::Renewed(renew(socket.clone(), verified)),
            None => Joined::Before(Done::of(Reply::Done)),
        }
    }

    /// Where a token has to be shown to come in, it has to be shown to come back. Who says only by an event who it
    /// is has shown it before: that counts for as long as it would if it were shown now, but not against what somebody
    /// else shows now.
    pub(super) fn back(
        &self,
        shown: RelaySocket,
        kept: RelaySocket,
    ) -> Result<Back<RelaySocket>, Refusal> {
        let RelaySocket::Operator { dialect, .. } = &kept else {
            return Ok(if matches!(shown, RelaySocket::Operator { .. }) {
                Back::Same(shown)
            } else if kept.is_left_by(&shown) {
                Back::Other
            } else if kept.is_over_for(&shown) {
                Back::Over(kept)
            } else {
                Back::Same(kept.waited_for_as(&shown))
            });
        };
        let back = match shown {
            RelaySocket::Operator { .. } => shown.as_before(kept),
            RelaySocket::Guest {
                shown: Shown::Operator(verified),
                ..
            } if kept.is_shown_by(&verified) => {
                if kept.yields_to(&verified) {
                    renew(kept, *verified)
                } else {
                    kept
                }
            }
            RelaySocket::Guest {
                shown: Shown::Operator(_),
                ..
            } => return Ok(Back::Other),
            _ if dialect.joins() && !self.is_over(&kept) => kept,
            _ => return Err(denied(Denial::Invalid)),
        };
        Ok(Back::Same(back))
    }

    /// An operator where everybody says who it is: its workspace may have a vocabulary of its own.
    fn entered(&self, verified: Verified, dialect: Dialect) -> RelaySocket {
        let workspace = &verified.claims.workspace;
        let dialect = self.vocabularies.settled(dialect, workspace);
        operator(verified, dialect)
    }

    /// Whether an operator may not be here any more.
    fn is_over(&self, operator: &RelaySocket) -> bool {
        let now = self.clock.now();
        self.is_revoked(operator) || self.ends_at(operator).is_some_and(|at| at <= now)
    }

    async fn shown(&self, login: &str) -> Result<Shown, Refusal> {
        match self.claims(login).await {
            Ok(verified) => Ok(Shown::Operator(Box::new(verified))),
            Err(Denial::Trouble) => Err(Refusal::Trouble),
            // An old cookie of somebody who may be a guest.
            Err(Denial::Missing | Denial::Invalid) => Ok(Shown::Nothing),
        }
    }

    /// Of somebody who may come in.
    async fn claims(&self, token: &str) -> Result<Verified, Denial> {
        let verified = self.operators.verify_for_long(token).await;
        let verified = verified.map_err(|failure| match failure {
            Failure::Missing => Denial::Missing,
            _ => Denial::Invalid,
        })?;
        self.admit(&verified.claims).await?;
        self.directory.note(self.account(&verified.claims));
        Ok(verified)
    }

    /// What was shown when the connection came is used later: as if it were shown then.
    pub(super) async fn shown_again(&self, verified: &Verified) -> Result<(), Denial> {
        let again = self
            .operators
            .verify_again(verified, self.clock.now() / 1000);
        again.map_err(|_| Denial::Invalid)?;
        self.admit(&verified.claims).await
    }

    async fn admit(&self, claims: &OperatorClaims) -> Result<(), Denial> {
        let OperatorClaims {
            workspace,
            sub,
            iat,
            ..
        } = claims;
        let admitted = self.directory.admits(workspace, sub, *iat).await;
        if admitted.map_err(|_| Denial::Trouble)? {
            Ok(())
        } else {
            Err(Denial::Invalid)
        }
    }

    /// As a token tells of it.
    fn account(&self, claims: &OperatorClaims) -> Account {
        Account {
            workspace: claims.workspace.clone(),
            id: claims.sub.clone(),
            name: claims.called().to_owned(),
            role: claims.role,
            password: None,
            disabled: false,
            valid_from: 0,
            created_at: self.clock.now(),
        }
    }
}

/// Why somebody is no operator.
pub(super) enum Denial {
    Missing,
    Invalid,
    Trouble,
}

fn denied(denial: Denial) -> Refusal {
    match denial {
        Denial::Missing => unauthorized(NO_TOKEN),
        Denial::Invalid => unauthorized("Invalid token"),
        Denial::Trouble => Refusal::Trouble,
    }
}

fn token<'a>(request: &'a ConnectRequest<'_>) -> Option<&'a str> {
    let said = request.auth.get("token").and_then(Value::as_str);
    let said = said.filter(|token| !token.is_empty());
    said.or_else(|| param(request, "token"))
}

/// The same operator, by a later token.
fn renew(kept: RelaySocket, verified: Verified) -> RelaySocket {
    operator(verified, kept.dialect()).as_before(kept)
}

pub(super) fn operator(verified: Verified, dialect: Dialect) -> RelaySocket {
    let ends = Some(verified.ends());
    let claims = verified.claims;
    let name = match claims.name.as_str() {
        "" if dialect.joins() => NAMELESS,
        _ => claims.called(),
    };
    let name = name.to_owned();
    let state = RelaySocket::Operator {
        workspace: claims.workspace,
        id: claims.sub,
        name,
        issued: claims.iat,
        ends,
        dialect: Dialect::Native,
        rooms: None,
    };
    state.speaking(dialect)
}
