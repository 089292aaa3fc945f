//! Records of every kind in the table that try to break the format, drawn from the schemas: a kind needs nothing here.
//!
//! Which texts a field takes is not in its schema, so each field is given the most hostile value that its kind allows.

use std::sync::Arc;

use git_coord::records::codec::encode;
use git_coord::records::{KINDS, Kind, Record};
use proptest::collection::vec;
use proptest::prelude::*;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::strategies;

/// A value for a field, the tamest first.
type Choices = Vec<Value>;

/// Returns values for a property of a schema: of words, of lines, and of any text.
fn values(property: &Value, definitions: &Value) -> BoxedStrategy<Choices> {
    if let Some(alternatives) = property["anyOf"].as_array() {
        let some = alternatives.iter().find(|schema| schema["type"] != "null").expect("a type");
        return values(some, definitions);
    }
    if let Some(name) = property["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return values(&definitions[name], definitions);
    }
    let named = match &property["type"] {
        Value::Array(types) => types.iter().find_map(|name| name.as_str().filter(|name| *name != "null")),
        name => name.as_str(),
    };
    match named {
        Some("string") if property["format"] == "date-time" => {
            strategies::at().prop_map(|at| vec![at.to_string().into(); 3]).boxed()
        }
        Some("string") => (strategies::word(), strategies::line(127), strategies::text())
            .prop_map(|(word, line, text)| vec![word.into(), line.into(), text.into()])
            .boxed(),
        Some("integer") => any::<u64>().prop_map(|number| vec![number.into(); 3]).boxed(),
        Some("boolean") => any::<bool>().prop_map(|truth| vec![truth.into(); 3]).boxed(),
        Some("array") => vec(values(&property["items"], definitions), 0..4).prop_map(lists).boxed(),
        Some("object") if property["properties"].is_object() => object(property, definitions),
        Some("object") => map(&property["additionalProperties"], definitions),
        _ => strategies::value().prop_map(|value| vec![value; 3]).boxed(),
    }
}

/// From choices for each element to choices of lists.
fn lists(elements: Vec<Choices>) -> Choices {
    (0..3).map(|n| elements.iter().map(|choices| choices[n].clone()).collect()).collect()
}

fn object(schema: &Value, definitions: &Value) -> BoxedStrategy<Choices> {
    let properties = schema["properties"].as_object().expect("an object");
    let names: Vec<String> = properties.keys().cloned().collect();
    let known = names.clone();
    let unknown = strategies::map()
        .prop_map(move |map| map.into_iter().filter(|(key, _)| !known.contains(key)).collect::<Map<String, Value>>());
    let members: Vec<_> = properties.values().map(|property| values(property, definitions)).collect();
    (members, unknown)
        .prop_map(move |(members, unknown)| {
            let chosen = |n: usize| {
                let known = names.iter().zip(&members).map(|(name, choices)| (name.clone(), choices[n].clone()));
                Value::Object(known.chain(unknown.clone()).collect())
            };
            (0..3).map(chosen).collect()
        })
        .boxed()
}

fn map(of: &Value, definitions: &Value) -> BoxedStrategy<Choices> {
    vec((strategies::key(), values(of, definitions)), 0..4)
        .prop_map(|pairs| {
            let chosen = |n: usize| pairs.iter().map(|(key, choices)| (key.clone(), choices[n].clone())).collect();
            (0..3).map(|n| Value::Object(chosen(n))).collect()
        })
        .boxed()
}

/// Any record of a kind.
fn record(kind: &'static Kind) -> BoxedStrategy<Arc<dyn Record>> {
    let mut generator = SchemaGenerator::default();
    let schema = serde_json::to_value((kind.schema)(&mut generator)).expect("JSON");
    let definitions = serde_json::to_value(generator.definitions()).expect("JSON");
    let own: Vec<&str> = kind.fields.iter().map(|field| field.name).filter(|name| *name != "body").collect();
    let fields: Vec<_> = own.iter().map(|name| values(&schema["properties"][*name], &definitions)).collect();
    let common = (strategies::id(), strategies::at(), strategies::name(), strategies::at(), strategies::name());
    let stamps = vec((strategies::key(), strategies::at(), strategies::text()), 0..3);
    (fields, common, stamps, strategies::map(), strategies::text())
        .prop_map(move |(fields, common, stamps, unknown, body)| {
            let (id, created_at, created_by, updated_at, updated_by) = common;
            let edited: Map<String, Value> =
                stamps.into_iter().map(|(key, at, by)| (key, json!([at.to_string(), by]))).collect();
            let front = json!({
                "id": id.as_str(), "created_at": created_at.to_string(), "created_by": created_by,
                "updated_at": updated_at.to_string(), "updated_by": updated_by, "edited": edited,
            });
            let mut front = front.as_object().expect("fields").clone();
            front.extend(unknown.into_iter().filter(|(name, _)| kind.field(name).is_none()));
            front.extend(own.iter().zip(&fields).map(|(name, choices)| ((*name).to_owned(), choices[0].clone())));
            for (name, choices) in own.iter().zip(&fields) {
                for choice in &choices[1..] {
                    let mut bolder = front.clone();
                    bolder.insert((*name).to_owned(), choice.clone());
                    if (kind.build)(bolder.clone(), &body).is_ok() {
                        front = bolder;
                    }
                }
            }
            (kind.build)(front, &body).expect("tame values are allowed")
        })
        .boxed()
}

fn any_record() -> impl Strategy<Value = Arc<dyn Record>> {
    proptest::strategy::Union::new(KINDS.iter().map(|kind| record(kind)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_of_any_kind_comes_back_as_it_was(record in any_record()) {
        let file = encode(record.as_ref()).expect("small enough");
        let shown = String::from_utf8_lossy(&file).into_owned();
        let read = (record.kind().decode)(&file).map_err(|err| TestCaseError::fail(format!("{err:?}\n{shown}")))?;
        prop_assert_eq!(read.to_map(), record.to_map(), "{}", shown);
        prop_assert_eq!((read.body(), read.id()), (record.body(), record.id()));
        prop_assert_eq!(encode(read.as_ref()).expect("small enough"), file);
        let again = (record.kind().build)(record.to_map(), record.body()).expect("its own fields");
        prop_assert_eq!(again.to_map(), record.to_map());
        let marked = (record.kind().mark)(&record, &again, record.created_at(), "x").expect("of one kind");
        prop_assert!(marked.is_none());
    }
}
