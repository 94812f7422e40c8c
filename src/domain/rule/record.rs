//! The values that a rule runs on.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cel::common::traits::{Container, Indexer, Iterable, Sizer};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, Type,
};
use cel::common::value::{StaticVal, Val};
use cel::{Context, Env};
use serde_json::Value as Json;

/// The variables that one run of a rule sees, converted once from JSON: integers become CEL's int, other
/// numbers its double (so a number answer must come as `3.0`, not `3`, to be one).
///
/// Set the partner's own once, and replace `answer`, `initiative` or `report` before each run. Setting
/// costs what the value is large; running copies no object.
pub struct Record {
    pub(super) context: Context<'static, 'static>,
}

impl Default for Record {
    fn default() -> Record {
        Record::new()
    }
}

impl Record {
    /// A record without variables.
    pub fn new() -> Record {
        static ENV: LazyLock<Arc<Env>> =
            LazyLock::new(|| Arc::new(Env::default().with_optional_support(false).with_stdlib()));
        Record { context: Context::with_env(ENV.clone()) }
    }

    /// Sets a top-level variable, or replaces it.
    pub fn set(&mut self, name: &str, value: &Json) {
        self.context.add_variable_as_val(name, to_cel(value));
    }
}

fn to_cel(value: &Json) -> Box<dyn Val> {
    match value {
        Json::Null => Box::new(CelNull),
        Json::Bool(truth) => Box::new(CelBool::from(*truth)),
        Json::String(text) => Box::new(CelString::from(text.clone())),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Box::new(CelInt::from(int)),
            None => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
        },
        Json::Array(items) => Box::new(CelList::from(items.iter().map(to_cel).collect::<Vec<_>>())),
        Json::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, field)| (CelMapKey::from(name.clone()), to_cel(field)));
            Box::new(SharedObject(Arc::new(CelMap::from(fields.collect::<HashMap<_, _>>()))))
        }
    }
}

/// An object of a record. The interpreter clones each element that it loops over, and a clone of the
/// crate's own map is a deep one.
#[derive(Debug, Clone)]
struct SharedObject(Arc<CelMap<'static>>);

impl StaticVal for SharedObject {}

impl Val for SharedObject {
    fn get_type(&self) -> &Type {
        self.0.get_type()
    }

    fn cel_type() -> &'static Type {
        CelMap::cel_type()
    }

    fn as_container(&self) -> Option<&dyn Container> {
        self.0.as_container()
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        self.0.as_indexer()
    }

    fn as_iterable<'b, 'v>(&'b self) -> Option<&'b (dyn Iterable + 'v)>
    where
        Self: 'v,
    {
        self.0.as_iterable()
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        self.0.as_sizer()
    }

    fn equals(&self, other: &dyn Val) -> bool {
        other
            .downcast_ref::<SharedObject>()
            .is_some_and(|other| self.0.equals(other.0.as_ref()))
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(self.clone())
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}
