//! A browser, as far as cookies, redirects and forms that send themselves go.

use std::collections::BTreeMap;

use reqwest::{Response, Url};

use super::Up;

/// What browsers call themselves.
pub(crate) const AGENT: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
);
/// A form's fields.
pub(crate) type Form = Vec<(String, String)>;

/// Where a page's form leads, and its hidden fields.
pub(crate) fn form_of(html: &str) -> (String, Form) {
    let plain = |text: &str| {
        text.replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    };
    let until = |text: &str| plain(text.split('"').next().unwrap());
    let action = html.split("action=\"").nth(1).unwrap();
    let fields = html.split("type=\"hidden\" name=\"").skip(1).map(|field| {
        let value = field.split("value=\"").nth(1).unwrap();
        (until(field), until(value))
    });
    (until(action), fields.collect())
}

/// A hidden field's value.
pub(crate) fn value_of(html: &str, name: &str) -> String {
    let (_, form) = form_of(html);
    let found = form.into_iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no {name} in {html}")).1
}

/// A browser, as far as cookies and redirects go.
pub(crate) struct Browser<'a> {
    pub(crate) up: &'a Up,
    /// By origin and name.
    pub(crate) cookies: BTreeMap<(String, String), String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(up: &'a Up) -> Self {
        Self {
            up,
            cookies: BTreeMap::new(),
        }
    }

    fn remember(&mut self, url: &Url, response: &Response) {
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            // The authority's own goes with other sites' frames, which single-page apps ask in.
            let is_authoritys = cookie.starts_with("GreetingLocalSession=");
            let same_site = if is_authoritys { "None" } else { "Lax" };
            assert!(
                cookie.contains("; HttpOnly")
                    && cookie.contains(&format!("; SameSite={same_site}")),
                "{cookie}"
            );
            assert_eq!(
                cookie.contains("; Secure"),
                url.scheme() == "https",
                "{cookie}"
            );
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let key = (url.origin().ascii_serialization(), name.to_owned());
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
    }

    fn cookies_for(&self, url: &Url) -> String {
        let origin = url.origin().ascii_serialization();
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .filter(|((of, _), _)| *of == origin)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// One GET, no redirect followed.
    pub(crate) async fn get(&mut self, url: &Url) -> Response {
        let response = self
            .up
            .client
            .get(url.clone())
            .header("accept", "text/html")
            .header(AGENT.0, AGENT.1)
            .header("cookie", self.cookies_for(url))
            .send()
            .await
            .unwrap();
        self.remember(url, &response);
        response
    }

    /// Follows redirects to whatever is no redirect.
    pub(crate) async fn open(&mut self, url: &str) -> (Url, Response) {
        let mut url = self.app(url);
        for _ in 0..10 {
            let response = self.get(&url).await;
            match response.headers().get("location") {
                Some(location) => url = url.join(location.to_str().unwrap()).unwrap(),
                None => return (url, response),
            }
        }
        panic!("redirected in a circle, at {url}");
    }

    /// Sends a form, as a page of `origin` does.
    pub(crate) async fn post(&mut self, url: &Url, origin: &str, form: &Form) -> Response {
        let sent = self.up.client.post(url.clone());
        // The cookies are `SameSite=Lax`: another site's form comes without.
        let sent = if url.origin().ascii_serialization() == origin {
            sent.header("cookie", self.cookies_for(url))
        } else {
            sent
        };
        let sent = sent.header(AGENT.0, AGENT.1);
        let response = sent.header("origin", origin).form(form).send();
        let response = response.await.unwrap();
        self.remember(url, &response);
        response
    }

    /// Sends the forms that send themselves, and follows what they lead to.
    pub(crate) async fn go_on(&mut self, mut url: Url, mut response: Response) -> (Url, Response) {
        for _ in 0..5 {
            if let Some(location) = response.headers().get("location") {
                let next = url.join(location.to_str().unwrap()).unwrap();
                return self.open(next.as_str()).await;
            }
            let policy = response.headers().get("content-security-policy");
            let may_script = policy.is_some_and(|policy| {
                let policy = policy.to_str().unwrap();
                policy.contains("script-src") && policy.contains("form-action 'self' *")
            });
            if !may_script {
                return (url, response);
            }
            let origin = url.origin().ascii_serialization();
            let (action, form) = form_of(&response.text().await.unwrap());
            url = url.join(&action).unwrap();
            response = self.post(&url, &origin, &form).await;
        }
        panic!("forms in a circle, at {url}");
    }

    pub(crate) fn app(&self, path: &str) -> Url {
        Url::parse(self.up.text("function_url"))
            .unwrap()
            .join(path)
            .unwrap()
    }

    /// Picks the account on the authority's page; where that leads.
    pub(crate) async fn pick(
        &mut self,
        page: (Url, Response),
        user: &str,
        action: &str,
    ) -> (Url, Response) {
        let (url, page) = page;
        let policy = page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let html = page.text().await.unwrap();
        let flow = value_of(&html, "flow");
        let form = [("flow", flow.as_str()), ("user", user), ("action", action)];
        let post = |origin: &str| {
            self.up
                .client
                .post(url.join("/greeting-local/sign-in").unwrap())
                .header("origin", origin)
                .form(&form)
                .send()
        };
        // Another site's form does nothing.
        assert_eq!(post("https://evil.example").await.unwrap().status(), 403);
        let response = post(&url.origin().ascii_serialization()).await.unwrap();
        self.go_on(url, response).await
    }

    /// Signs alice in, up to the answer that the gate gets of it.
    pub(crate) async fn answer_of(&mut self, path: &str) -> (Url, Form) {
        let (url, page) = self.open(path).await;
        let html = page.text().await.unwrap();
        let flow = value_of(&html, "flow");
        let form = [
            ("flow", flow.as_str()),
            ("user", "alice@greeting.test"),
            ("action", "approve"),
        ];
        let response = self
            .up
            .client
            .post(url.join("/greeting-local/sign-in").unwrap())
            .header("origin", url.origin().ascii_serialization())
            .form(&form)
            .send();
        let html = response.await.unwrap().text().await.unwrap();
        let (action, form) = form_of(&html);
        (Url::parse(&action).unwrap(), form)
    }

    pub(crate) async fn sign_in(&mut self, path: &str) -> (Url, Response) {
        let page = self.open(path).await;
        self.pick(page, "alice@greeting.test", "approve").await
    }
}
