//! `read(write(x)) = x` and `write(read(bytes)) = bytes`, for records that try to break it.

use git_coord::records::codec::{decode, encode};
use git_coord::records::{Config, Record, Typed};
use proptest::prelude::*;

use super::strategies;

fn holds<T: Typed + PartialEq>(record: &T) -> Result<(), TestCaseError> {
    let file = encode(record as &dyn Record).expect("small enough");
    let read: T = decode(&file).map_err(|err| TestCaseError::fail(format!("{err:?}\n{}", show(&file))))?;
    prop_assert_eq!(&read, record, "{}", show(&file));
    prop_assert_eq!(show(&encode(&read as &dyn Record).expect("small enough")), show(&file));
    Ok(())
}

fn show(file: &[u8]) -> String {
    String::from_utf8_lossy(file).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_task_comes_back_as_it_was(task in strategies::task()) {
        holds(&task)?;
    }

    #[test]
    fn a_message_comes_back_as_it_was(message in strategies::message()) {
        holds(&message)?;
    }

    #[test]
    fn an_agent_comes_back_as_it_was(agent in strategies::agent()) {
        holds(&agent)?;
    }

    #[test]
    fn the_settings_come_back_as_they_were(config in strategies::config()) {
        let file = config.encode().expect("small enough");
        let read = Config::decode(&file).map_err(|err| TestCaseError::fail(format!("{err:?}\n{}", show(&file))))?;
        prop_assert_eq!(&read, &config, "{}", show(&file));
        prop_assert_eq!(show(&read.encode().expect("small enough")), show(&file));
    }
}
