//! Tags in what is said: kept where nothing else is asked for, taken out where it is.

use super::*;

async fn said(tags: WorkspaceSet, text: &str) -> Vec<String> {
    let scene = scene_of(ChatSettings {
        strip_tags: tags,
        ..settings()
    });
    let session = started(&scene).await;
    let guest = guest(Some(&session));
    let first = scene.ask(&guest, says(text, Some("1"))).await.unwrap();
    let again = scene.ask(&guest, says(text, Some("1"))).await.unwrap();
    assert_eq!(
        sent(&first).0,
        sent(&again).0,
        "a repeat is the same message"
    );
    let staff = operator("a");
    scene.ask(&staff, answers(&session, text)).await.unwrap();
    let nothing = scene
        .ask(&guest, says("<img src=x onerror=alert(1)>", None))
        .await;
    if nothing.is_err() {
        assert_eq!(code(nothing), Code::Invalid);
    }
    texts(scene.ask(&guest, page(10)).await.unwrap()).0
}

#[tokio::test]
async fn what_is_said_is_stored_as_it_was_written() {
    let text = "<b onclick=x()>1 < 2 & 3</b>";
    let image = "<img src=x onerror=alert(1)>";
    assert_eq!(
        said(WorkspaceSet::default(), text).await,
        [text, text, image]
    );
}

#[tokio::test]
async fn where_it_is_asked_for_tags_are_taken_out_of_both_sides() {
    let tags = WorkspaceSet::all();
    let text = "<b onclick=x()>1 < 2 & 3</b>";
    assert_eq!(said(tags, text).await, ["1 &lt; 2 &amp; 3"; 2]);
}

/// What stands beside all that a guest says.
#[tokio::test]
async fn where_it_is_asked_for_tags_are_taken_out_of_names() {
    for (everywhere, expected) in [(true, "Marie"), (false, "<b onclick=x()>Marie</b>")] {
        let scene = scene_of(ChatSettings {
            strip_tags: WorkspaceSet {
                everywhere,
                ..WorkspaceSet::default()
            },
            ..settings()
        });
        let start = Start {
            name: Some("<b onclick=x()>Marie</b>".into()),
            ..Start::default()
        };
        let start = Command::Guest(GuestCommand::Start(Box::new(start)));
        let bound = scene.ask(&guest(None), start).await.unwrap().bound.unwrap();
        assert_eq!(bound.name, expected);
        let sessions = scene.hub.sessions(&ws()).await.unwrap();
        assert_eq!(sessions[0].0.guest.name.as_deref(), Some(expected));
    }
}
