//! What is looked at on every screen: axe, the console, narrow pages; and pictures, where somebody wants them.
//!
//! `PICTURES=folder cargo test --test it browser` keeps each screen at 1280 and at 360 pixels. (A name with the prefix of settings
//! would be taken for one by the program.)

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::chrome::Chrome;

const AXE: &str = include_str!("../../vendor/axe/axe.min.js");
/// Narrowest page (quality bar 57; WCAG 1.4.10).
const NARROW: u64 = 320;

static SCREENS: AtomicUsize = AtomicUsize::new(1);

impl Chrome {
    /// Waits for a screen and looks at it. `state` tells its states apart in pictures and messages.
    pub async fn screen(&self, title: &str, state: &str) {
        self.expect(title).await;
        if !self.scripts {
            return;
        }
        let place = format!("【{title}】{state}");
        let own = self.client.execute("return innerWidth", vec![]).await.unwrap();
        self.client.execute(AXE, vec![]).await.unwrap();
        self.hold_axe(&place, "").await;
        if let Some(folder) = std::env::var_os("PICTURES").map(PathBuf::from) {
            let name = format!("{:02}-{title}-{state}", SCREENS.fetch_add(1, Ordering::Relaxed));
            for width in [1280, 360] {
                self.picture(&folder.join(width.to_string()), &name, width).await;
            }
        }
        self.set_width(NARROW).await;
        let wide = "return [document.documentElement.scrollWidth, innerWidth]";
        let wide = self.client.execute(wide, vec![]).await.unwrap();
        assert!(wide[0].as_u64() <= Some(NARROW), "q57 {place} needs scrolling sideways at {NARROW} pixels: {wide}");
        self.hold_axe(&place, "narrow").await;
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
        assert_eq!(self.drawn_at(&own).await, own, "{place} is as wide as before again");
        self.hold_console(&place).await;
    }

    /// Waits until the page is drawn at this width; the width it has then. The command that changes the width is answered before the
    /// page has it: whoever clicks at once clicks where something stood a moment ago.
    async fn drawn_at(&self, width: &Value) -> Value {
        let wait = "const [width, done] = arguments; const end = performance.now() + 10000; \
                    const look = () => innerWidth === width || performance.now() > end \
                      ? requestAnimationFrame(() => requestAnimationFrame(() => done(innerWidth))) : setTimeout(look, 5); look()";
        self.client.execute_async(wait, vec![width.clone()]).await.unwrap()
    }

    async fn hold_axe(&self, place: &str, how: &str) {
        // The size of targets (WCAG 2.2, quality bar 57) is asked for by name: axe leaves it out otherwise.
        let run = "const done = arguments[arguments.length - 1]; const rules = { 'target-size': { enabled: true } }; \
                   axe.run({ resultTypes: ['violations'], rules }).then((r) => done(r.violations))";
        let found = self.client.execute_async(run, vec![]).await.unwrap();
        let lines: Vec<String> = found.as_array().into_iter().flatten().map(violation).collect();
        assert!(lines.is_empty(), "q49 {place} {how}:\n{}", lines.join("\n"));
    }

    /// The console is empty, but for the browser's own line about a page that is an answer to a refused form.
    async fn hold_console(&self, place: &str) {
        for line in self.console().await {
            let message = line["message"].as_str().unwrap_or_default();
            let refused = ["422", "404", "429"].iter().any(|code| message.contains(&format!("with a status of {code}")));
            assert!(refused, "q36 {place}: {line}");
        }
    }

    async fn set_width(&self, width: u64) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        self.drawn_at(&json!(width)).await;
    }

    async fn picture(&self, folder: &std::path::Path, name: &str, width: u64) {
        self.set_width(width).await;
        self.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
        let size = self.devtools("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": size["height"], "scale": 1 });
        let whole = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let shot = self.devtools("Page.captureScreenshot", whole).await;
        self.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": false })).await;
        let bytes = data_encoding::BASE64.decode(shot["data"].as_str().unwrap().as_bytes()).unwrap();
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }
}

fn violation(found: &Value) -> String {
    let nodes = found["nodes"].as_array().into_iter().flatten();
    let nodes: Vec<String> = nodes.map(|node| format!("    {} {}", node["html"], node["failureSummary"])).collect();
    format!("  {}: {}\n{}", found["id"], found["help"], nodes.join("\n"))
}
