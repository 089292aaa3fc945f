//! The only clock, and the one form of a moment: UTC with milliseconds.
//!
//! Nothing below `session` asks for the time: it is read once per command and handed down.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment: milliseconds since 1970-01-01T00:00:00Z, printed as RFC 3339 in UTC (`2026-01-02T03:04:05.678Z`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z, the years RFC 3339 can write.
const RANGE: (i64, i64) = (-62_167_219_200_000, 253_402_300_799_999);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Timestamp = Timestamp(0);
    /// 9999-12-31T23:59:59.999Z, after which no moment comes.
    pub const MAX: Timestamp = Timestamp(RANGE.1);

    /// Returns the moment that many milliseconds after 1970, held within the years 0000 to 9999.
    pub fn from_millis(millis: i64) -> Self {
        Timestamp(millis.clamp(RANGE.0, RANGE.1))
    }

    /// Returns the moment that many seconds after 1970.
    pub fn from_seconds(seconds: i64) -> Self {
        Self::from_millis(seconds.saturating_mul(1000))
    }

    /// Returns milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Returns whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Returns this moment later by `by`.
    pub fn plus(self, by: Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Returns this moment earlier by `by`.
    pub fn minus(self, by: Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_sub(millis))
    }

    /// Returns how long after `earlier` this moment is; zero where it is before.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Returns the day in UTC as `YYYY-MM-DD`.
    pub fn date(self) -> String {
        self.to_string()[..10].to_owned()
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).expect("RANGE is inside what chrono can hold")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a moment in RFC 3339.
#[derive(Debug, thiserror::Error)]
#[error("«{0}» is not a date and time like 2026-01-02T03:04:05Z")]
pub struct NotATimestamp(String);

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    /// Reads RFC 3339 with any offset and any number of decimals; what is finer than a millisecond is dropped.
    fn from_str(text: &str) -> Result<Self, NotATimestamp> {
        DateTime::parse_from_rfc3339(text.trim())
            .map(|time| Self::from_millis(time.timestamp_millis()))
            .map_err(|_| NotATimestamp(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// Reads the clock of the machine; under the `testing` feature the variable `GIT_COORD_TEST_NOW` instead, or the clock as
/// many seconds ahead, or behind, as `GIT_COORD_CLOCK_SKEW` says.
pub fn now() -> Timestamp {
    #[cfg(feature = "testing")]
    if let Some(frozen) = std::env::var("GIT_COORD_TEST_NOW").ok().and_then(|text| text.parse().ok()) {
        return frozen;
    }
    let millis = Utc::now().timestamp_millis();
    #[cfg(feature = "testing")]
    let skew = std::env::var("GIT_COORD_CLOCK_SKEW").ok().and_then(|text| text.parse::<i64>().ok());
    #[cfg(feature = "testing")]
    let millis = millis + skew.unwrap_or_default() * 1_000;
    Timestamp::from_millis(millis)
}

/// Returns a duration in words a person reads at a glance: `4 s`, `12 min`, `3 h`, `5 d`.
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Returns how long it is until something, in a few words, rounded to the nearest: `5 d` just after it was said.
pub fn until_in_words(duration: Duration) -> String {
    let half = match duration.as_secs() {
        0..60 => 0,
        60..3_600 => 30,
        3_600..172_800 => 1_800,
        _ => 43_200,
    };
    in_words(duration + Duration::from_secs(half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_with_milliseconds() {
        let moment: Timestamp = "2026-01-21T23:46:54.405167897+02:00".parse().expect("valid");
        assert_eq!(moment.to_string(), "2026-01-21T21:46:54.405Z");
        assert_eq!(moment.date(), "2026-01-21");
    }

    #[test]
    fn a_moment_out_of_range_is_held_at_the_edge() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_seconds(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_is_not_a_moment_is_refused() {
        for text in ["", "yesterday", "2026-01-02", "12:30:45"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }
}
