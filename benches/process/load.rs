//! How busy others kept the machine meanwhile: the one thing that no pairing takes out of the figures entirely.

/// The processor time of the whole machine and of this process with its children, in ticks.
pub(crate) struct Load {
    ticks: Option<Ticks>,
}

#[derive(Clone, Copy)]
struct Ticks {
    all: u64,
    busy: u64,
    own: u64,
}

impl Load {
    pub(crate) fn now() -> Load {
        Load { ticks: Ticks::read() }
    }

    /// Returns the share of the processors that went to other processes since then, in percent.
    pub(crate) fn others_percent(&self) -> Option<f64> {
        let (then, now) = (self.ticks?, Ticks::read()?);
        let all = (now.all - then.all).max(1);
        let others = (now.busy - then.busy).saturating_sub(now.own - then.own);
        Some((others as f64 / all as f64 * 1000.0).round() / 10.0)
    }
}

impl Ticks {
    /// Linux only; see proc(5).
    fn read() -> Option<Ticks> {
        let machine = std::fs::read_to_string("/proc/stat").ok()?;
        let fields: Vec<u64> = numbers(machine.lines().next()?.strip_prefix("cpu ")?);
        // user nice system idle iowait irq softirq steal; guest time is in user already.
        let all: u64 = fields.iter().take(8).sum();
        let idle = fields.get(3)? + fields.get(4)?;
        let process = std::fs::read_to_string("/proc/self/stat").ok()?;
        // Behind the name, which may hold anything, `utime stime cutime cstime` are the fields 14 to 17.
        let behind = process.rsplit_once(')')?.1;
        let own = numbers(behind.trim().split_once(' ')?.1).iter().skip(10).take(4).sum();
        Some(Ticks { all, busy: all - idle, own })
    }
}

fn numbers(text: &str) -> Vec<u64> {
    text.split_whitespace().map(|word| word.parse().unwrap_or(0)).collect()
}
