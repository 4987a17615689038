//! What Azure logged of Easy Auth's decisions, as its owner exports it: rows of
//! `AppServiceAuthenticationLogs` (JSON, JSON lines, CSV, TSV), HTTP logs with `sc-substatus`
//! (W3C or JSON), lines of the log stream. And the local gate's own log. Column names are
//! compared without letter case and without the suffixes of `AzureDiagnostics`.

use serde_json::{Map, Value};

/// One line of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) time: Option<String>,
    pub(crate) status: Option<u16>,
    pub(crate) substatus: Option<u16>,
    pub(crate) message: String,
    /// What a call's own report may have too.
    pub(crate) id: Option<String>,
}

/// Every row of a log, whatever its form. Empty: the form is none of these.
pub(crate) fn rows(text: &str) -> Vec<Row> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['[', '{']) {
        let values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        return values.map_while(Result::ok).flat_map(of_json).collect();
    }
    if text.lines().any(|line| line.starts_with("#Fields:")) {
        return w3c(text);
    }
    let first = text.lines().next().unwrap_or_default();
    let separator = if first.contains('\t') { '\t' } else { ',' };
    let mut records = records(text, separator).into_iter();
    let names = records.next().unwrap_or_default();
    if names
        .iter()
        .any(|name| STATUS.contains(&plain(name).as_str()))
    {
        return records
            .filter_map(|record| of_pairs(&pairs(&names, record)))
            .collect();
    }
    text.lines().filter_map(streamed).collect()
}

const TIME: [&str; 3] = ["timegenerated", "time", "timestamp"];
const STATUS: [&str; 3] = ["statuscode", "status", "scstatus"];
const SUBSTATUS: [&str; 3] = ["substatuscode", "substatus", "scsubstatus"];
const MESSAGE: [&str; 2] = ["message", "reason"];
const ID: [&str; 3] = ["correlationid", "invocation", "requestid"];

/// A column's name, without what differs between exports.
fn plain(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase().replace('-', "");
    let suffix = ["_s", "_d", "_g"]
        .iter()
        .find_map(|it| name.strip_suffix(it));
    suffix.unwrap_or(&name).to_owned()
}

fn of_json(value: Value) -> Vec<Row> {
    match value {
        Value::Array(items) => items.into_iter().flat_map(of_json).collect(),
        Value::Object(mut object) => {
            if let Some(Value::Array(tables)) = object.remove("tables") {
                return tables.iter().flat_map(table).collect();
            }
            // Exports to storage hold the row as properties, as an object or as text.
            match object.remove("properties") {
                Some(Value::Object(inner)) => object.extend(inner),
                Some(Value::String(text)) => {
                    if let Ok(inner) = serde_json::from_str::<Map<String, Value>>(&text) {
                        object.extend(inner);
                    }
                }
                _ => {}
            }
            let pairs: Vec<(String, String)> = object
                .into_iter()
                .map(|(name, value)| match value {
                    Value::String(text) => (plain(&name), text),
                    other => (plain(&name), other.to_string()),
                })
                .collect();
            of_pairs(&pairs).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// `{"columns": [{"name": …}], "rows": [[…]]}`, as the query API answers.
fn table(table: &Value) -> Vec<Row> {
    let items = |name: &str| {
        table
            .get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let names: Vec<String> = items("columns")
        .iter()
        .map(|it| text(&it["name"]))
        .collect();
    items("rows")
        .iter()
        .filter_map(|row| {
            let values = row.as_array()?.iter().map(text).collect();
            of_pairs(&pairs(&names, values))
        })
        .collect()
}

fn pairs(names: &[String], values: Vec<String>) -> Vec<(String, String)> {
    names.iter().map(|name| plain(name)).zip(values).collect()
}

fn of_pairs(pairs: &[(String, String)]) -> Option<Row> {
    let get = |names: &[&str]| {
        let value = |name: &&str| {
            pairs
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
        };
        names
            .iter()
            .find_map(value)
            .map(str::trim)
            .filter(|it| !it.is_empty() && *it != "null" && *it != "-")
    };
    let number = |names: &[&str]| get(names)?.split('.').next()?.parse().ok();
    let message: Vec<&str> = [get(&MESSAGE), get(&["details"])]
        .into_iter()
        .flatten()
        .collect();
    Some(Row {
        time: get(&TIME).map(str::to_owned),
        status: Some(number(&STATUS)?),
        substatus: number(&SUBSTATUS),
        message: message.join(" "),
        id: get(&ID).map(str::to_owned),
    })
}

/// The W3C extended log format: the columns are named by the last `#Fields:` line.
fn w3c(text: &str) -> Vec<Row> {
    let mut names: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(fields) = line.strip_prefix("#Fields:") {
            names = fields.split_whitespace().map(str::to_owned).collect();
        } else if !line.starts_with('#') {
            let values: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let mut pairs = pairs(&names, values);
            let date = pairs
                .iter()
                .find(|(name, _)| name == "date")
                .map(|(_, date)| date.clone());
            if let (Some(date), Some((_, time))) =
                (date, pairs.iter_mut().find(|(name, _)| name == "time"))
            {
                *time = format!("{date}T{time}Z");
            }
            rows.extend(of_pairs(&pairs));
        }
    }
    rows
}

/// Records of comma- or tab-separated values (RFC 4180): quotes hold separators and lines.
fn records(text: &str, separator: char) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            '\r' if !quoted => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            c if c == separator && !quoted => record.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    record.push(field);
    records.push(record);
    records
}

/// A line of the application log: time, `PID[n]`, level, message (captured in 2016).
fn streamed(line: &str) -> Option<Row> {
    let (time, rest) = line.split_once("PID[")?;
    let (_, rest) = rest.split_once(']')?;
    let (level, message) = rest.trim_start().split_once(char::is_whitespace)?;
    let message = message.trim();
    if !matches!(level, "Warning" | "Error") && !message.contains("IDX") {
        return None;
    }
    Some(Row {
        time: Some(time.trim().to_owned()).filter(|time| !time.is_empty()),
        message: message.to_owned(),
        ..Row::default()
    })
}

#[cfg(test)]
mod tests;
