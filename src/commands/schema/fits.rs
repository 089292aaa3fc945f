//! Whether a value fits a schema of ours: all that does not, each with its place and the rule that it breaks.
//!
//! It knows the keywords that our schemas use ([`KEYWORDS`]; a test holds them to it) and no others. A whole validator
//! judges it in the tests; why it is not in the program is told in `docs/decisions/0009`.

use serde_json::{Map, Value};

use crate::base::text::excerpt;

/// The keywords that constrain a value, as far as they are known here. A pattern is for others: whoever reads the value
/// checks its form.
pub const KEYWORDS: &[&str] = &[
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "enum",
    "items",
    "maxItems",
    "maximum",
    "minItems",
    "minimum",
    "oneOf",
    "pattern",
    "prefixItems",
    "properties",
    "required",
    "type",
    "uniqueItems",
];

/// Something about a value that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The place: keys and numbers of elements with dots between them; empty for the whole.
    pub field: String,
    /// The keyword of the schema that is not met.
    pub rule: &'static str,
    /// What it asks for.
    pub message: String,
}

/// Returns all that does not fit.
pub fn misfits(schema: &Value, value: &Value) -> Vec<Misfit> {
    let mut check = Check { root: schema, field: Vec::new(), found: Vec::new() };
    check.value(schema, value);
    check.found
}

struct Check<'a> {
    root: &'a Value,
    field: Vec<String>,
    found: Vec<Misfit>,
}

impl<'a> Check<'a> {
    fn add(&mut self, rule: &'static str, message: String) {
        self.found.push(Misfit { field: self.field.join("."), rule, message });
    }

    fn below(&mut self, key: impl ToString, schema: &'a Value, value: &Value) {
        self.field.push(key.to_string());
        self.value(schema, value);
        self.field.pop();
    }

    fn value(&mut self, schema: &'a Value, value: &Value) {
        if let Some(target) = schema["$ref"].as_str().and_then(|of| self.root.pointer(of.strip_prefix('#')?)) {
            self.value(target, value);
        }
        if !has_type(schema, value) {
            return self.add("type", format!("must be {}, not {}", types(schema), a_type(value)));
        }
        if schema.get("const").is_some_and(|only| only != value) {
            return self.add("const", format!("must be {}", excerpt(&schema["const"].to_string(), 60)));
        }
        if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
            let words: Vec<String> = words.iter().map(Value::to_string).collect();
            return self.add("enum", format!("must be one of {}", words.join(", ")));
        }
        match value {
            Value::Number(number) => self.number(schema, number.as_f64().unwrap_or_default()),
            Value::Array(items) => self.items(schema, items),
            Value::Object(map) => self.members(schema, map),
            _ => {}
        }
        self.any("anyOf", schema, value);
        self.any("oneOf", schema, value);
    }

    fn number(&mut self, schema: &Value, number: f64) {
        if let Some(least) = schema["minimum"].as_f64().filter(|least| number < *least) {
            self.add("minimum", format!("must be at least {least}"));
        }
        if let Some(most) = schema["maximum"].as_f64().filter(|most| number > *most) {
            self.add("maximum", format!("must be at most {most}"));
        }
    }

    fn items(&mut self, schema: &'a Value, items: &[Value]) {
        if let Some(least) = schema["minItems"].as_u64().filter(|least| (items.len() as u64) < *least) {
            self.add("minItems", format!("must have at least {least} elements"));
        }
        if let Some(most) = schema["maxItems"].as_u64().filter(|most| items.len() as u64 > *most) {
            self.add("maxItems", format!("must have at most {most} elements"));
        }
        if schema["uniqueItems"] == true && (1..items.len()).any(|n| items[..n].contains(&items[n])) {
            self.add("uniqueItems", "must not hold the same twice".to_owned());
        }
        let first = schema["prefixItems"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(index).or(schema.get("items")) {
                self.below(index, schema, item);
            }
        }
    }

    fn members(&mut self, schema: &'a Value, map: &Map<String, Value>) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !map.contains_key(name) {
                self.field.push(name.to_owned());
                self.add("required", "must be there".to_owned());
                self.field.pop();
            }
        }
        let known = schema["properties"].as_object();
        for (name, value) in map {
            match (known.and_then(|known| known.get(name)), schema.get("additionalProperties")) {
                (Some(schema), _) => self.below(name, schema, value),
                (None, Some(Value::Bool(false))) => self.odd(name, known),
                (None, Some(schema)) => self.below(name, schema, value),
                (None, None) => {}
            }
        }
    }

    /// A member that has no place.
    fn odd(&mut self, name: &str, known: Option<&Map<String, Value>>) {
        let known: Vec<&str> = known.into_iter().flat_map(Map::keys).map(String::as_str).collect();
        self.field.push(excerpt(name, 60));
        self.add("additionalProperties", format!("must not be there; there are {}", known.join(", ")));
        self.field.pop();
    }

    /// One of several: where only one is not null, what does not fit that one is more to the point.
    fn any(&mut self, rule: &'static str, schema: &'a Value, value: &Value) {
        let Some(several) = schema[rule].as_array() else { return };
        let root = self.root;
        let fits = |schema: &&Value| {
            let mut alone = Check { root, field: Vec::new(), found: Vec::new() };
            alone.value(schema, value);
            alone.found.is_empty()
        };
        let count = several.iter().filter(fits).count();
        if count == 1 || (count > 1 && rule == "anyOf") {
            return;
        }
        let several: Vec<&Value> = several.iter().filter(|schema| schema["type"] != "null").collect();
        // An object says by a constant of which sort it is.
        let meant = several.iter().find(|schema| is_meant(schema, root, value));
        match (several.as_slice(), meant) {
            ([only], _) => self.value(only, value),
            (_, Some(meant)) => self.value(meant, value),
            _ if count > 1 => self.add(rule, format!("must fit one of {} forms, not several", several.len())),
            _ => self.add(rule, format!("must fit one of {} forms", several.len())),
        }
    }
}

/// Returns whether all constants of a form are those of a value, and it has any.
fn is_meant(schema: &Value, root: &Value, value: &Value) -> bool {
    let target = schema["$ref"].as_str().and_then(|of| root.pointer(of.strip_prefix('#')?)).unwrap_or(schema);
    let members = target["properties"].as_object().into_iter().flatten();
    let mut constants = members.filter_map(|(name, schema)| Some((name, schema.get("const")?))).peekable();
    constants.peek().is_some() && constants.all(|(name, only)| value.get(name) == Some(only))
}

fn has_type(schema: &Value, value: &Value) -> bool {
    let is = |word: &str| match word {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    };
    match &schema["type"] {
        Value::String(word) => is(word),
        Value::Array(words) => words.iter().filter_map(Value::as_str).any(is),
        _ => *schema != Value::Bool(false),
    }
}

fn types(schema: &Value) -> String {
    let words = match &schema["type"] {
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(spoken).collect(),
        Value::String(word) => vec![spoken(word)],
        _ => vec!["absent"],
    };
    words.join(" or ")
}

fn a_type(value: &Value) -> &'static str {
    spoken(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    })
}

fn spoken(word: &str) -> &'static str {
    match word {
        "null" => "null",
        "boolean" => "true or false",
        "string" => "a text",
        "array" => "a list",
        "object" => "an object",
        "integer" => "a whole number",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_does_not_fit_is_told_with_its_place() {
        let schema = json!({
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {},
                "labels": { "type": "array", "items": { "type": "string" } },
                "claim": { "anyOf": [{ "$ref": "#/$defs/claim" }, { "type": "null" }] },
            },
            "additionalProperties": false,
            "$defs": { "claim": { "type": "object", "properties": { "epoch": { "type": "integer", "minimum": 0 } } } },
        });
        let found = misfits(&schema, &json!({ "labels": ["a", 1], "claim": { "epoch": -1 }, "colour": 1 }));
        let found: Vec<_> = found.iter().map(|misfit| (misfit.field.as_str(), misfit.rule)).collect();
        assert_eq!(
            found,
            [("id", "required"), ("labels.1", "type"), ("claim.epoch", "minimum"), ("colour", "additionalProperties")]
        );
        assert!(misfits(&schema, &json!({ "id": 1, "claim": null })).is_empty());
    }

    #[test]
    fn of_several_forms_the_one_that_is_meant_is_told_of() {
        let form = |op: &str| json!({ "properties": { "op": { "const": op }, "n": { "type": "integer" } } });
        let schema = json!({ "oneOf": [form("a"), form("b")] });
        let rules = |value: Value| misfits(&schema, &value).into_iter().map(|m| (m.field, m.rule)).collect::<Vec<_>>();
        assert_eq!(rules(json!({ "op": "b", "n": "x" })), [("n".to_owned(), "type")]);
        assert_eq!(rules(json!({ "op": "c" })), [(String::new(), "oneOf")]);
        assert_eq!(rules(json!({ "n": 1 })), [(String::new(), "oneOf")]);
        assert_eq!(rules(json!({ "op": "a", "n": 1 })), []);
    }
}
